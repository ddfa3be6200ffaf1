/*  exchange – what an action that talks with servers is made of: each attempt follows a script, and the
 *  exchange carries its requests.
 *
 *  It keeps an attempt's deadline over all its requests, waits while a server wants to be left alone
 *  (Backoff, Retry-After), fetches tokens, puts requests that are due at the same time into one batch where the
 *  server has such a thing, and ends an attempt early when it is cancelled. One for each action thread.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "worker/actions/action.h"
#include "worker/exchange/script.h"
#include "worker/exchange/service.h"

typedef struct exchange exchange_t;

//  services: that attempts may name; borrowed.
exchange_t *exchange_open (const action_place_t *place, const script_t *script, service_t *services,
                           size_t count);

//  An attempt, in which play is the script's state; it is the exchange's from now on.
void exchange_begin (exchange_t *self, run_t *run, service_t *service, void *play);

//  One that cannot be begun, whatever the server says: it fails.
void exchange_refuse (exchange_t *self, run_t *run, const problem_t *problem);

//  The rest of an action's table.
void exchange_close (void *self);
void exchange_cancel (void *self, run_t *run);
void exchange_transferred (void *self, run_t *run, CURLcode code);
int exchange_descriptor (const void *self);
void exchange_ready (void *self);

#endif
