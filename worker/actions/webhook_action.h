/*  webhook_action – the action `webhook`: slots, each of which carries one attempt at a time.
 *
 *  Its settings are a transfer_settings_t.
 */
#ifndef WEBHOOK_ACTION_H
#define WEBHOOK_ACTION_H

#include "worker/actions/action.h"
#include "worker/actions/webhook.h"

extern const action_t webhook_action;

//  A webhook has no parameters of its own: where it goes stands in `deliver`.
extern const char webhook_schema [];

#endif
