/*  kinto_action – the action `kinto`: what an event says, or what a template makes of it, is written to a
 *  Kinto.
 *
 *  Its settings are a kinto_settings_t. Parameters and manners are in docs/actions.md.
 */
#ifndef KINTO_ACTION_H
#define KINTO_ACTION_H

#include "worker/actions/action.h"
#include "worker/kinto/kinto_server.h"

typedef struct {
    const kinto_servers_t *servers;  //  borrowed
    const limits_t *limits;          //  likewise
} kinto_settings_t;

extern const action_t kinto_action;

//  What its subscriptions may say, for free ().
char *kinto_schema (const kinto_servers_t *servers);

#endif
