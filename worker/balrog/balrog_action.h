/*  balrog_action – the action `balrog`: what an event says, or what a template makes of it, becomes part of a
 *  release in Balrog.
 *
 *  Its settings are a balrog_settings_t. Parameters and manners are in docs/actions.md.
 */
#ifndef BALROG_ACTION_H
#define BALROG_ACTION_H

#include "worker/actions/action.h"
#include "worker/balrog/balrog_server.h"

typedef struct {
    const balrog_servers_t *servers;  //  borrowed
    const limits_t *limits;           //  likewise
} balrog_settings_t;

extern const action_t balrog_action;

//  What its subscriptions may say, for free ().
char *balrog_schema (const balrog_servers_t *servers);

#endif
