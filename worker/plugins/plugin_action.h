/*  plugin_action – an action that a plug-in performs. Its settings are the plug-in's crew_t. */
#ifndef PLUGIN_ACTION_H
#define PLUGIN_ACTION_H

#include "worker/actions/action.h"
#include "worker/plugins/crew.h"

action_t plugin_action (const char *name);  //  borrowed for its life

#endif
