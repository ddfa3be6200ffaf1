/*  broker_stage – a real broker, and the gateways and workers that a test plays against it.
 *
 *  For tests only. An actor is one connection; whoever is waited for and does not come in time ends
 *  the test. Words that come unasked (HEARTBEAT) are passed over.
 */
#ifndef BROKER_STAGE_H
#define BROKER_STAGE_H

#include <jansson.h>

#include "broker/broker.h"
#include "broker/store/store.h"
#include "proto/wire/link.h"

enum { STAGE_HEARTBEAT_MS = 100 };

typedef struct stage stage_t;

stage_t *stage_new (void);         //  on SQLite, in a folder of its own
stage_t *stage_new_memory (void);  //  on a store that can be told to fail
void stage_destroy (stage_t **self_p);
const char *stage_folder (const stage_t *self);

void stage_stop (stage_t *self);  //  in order
void stage_start (stage_t *self);
//  As after a kill: the files as they are now, in another folder, with another broker on them; the
//  old one is stopped without being heard any more.
void stage_crash (stage_t *self);
void stage_set (stage_t *self, const char *key_is_value);  //  for the next start
store_t *stage_store (const stage_t *self);  //  the memory store of the broker that runs

typedef struct actor actor_t;

//  The stage ends those that a failed test left behind.
actor_t *actor_gateway (stage_t *stage);
actor_t *actor_worker (stage_t *stage);
void actor_destroy (actor_t **self_p);

void actor_say (actor_t *self, const message_t *message);
void actor_say_raw (actor_t *self, const char *head, const char *body);  //  two frames
message_t actor_hear (actor_t *self);  //  whatever comes next. The caller clears it.
bool actor_hears_more (actor_t *self, long within_ms);
//  The next message that is none of the passed over: it is of this command. The caller clears it.
message_t actor_expect (actor_t *self, command_t command);

//  A gateway's verbs.
void actor_publish (actor_t *self, uint64_t request, const char *id, const char *data);
confirmation_t actor_publish_and_wait (actor_t *self, const char *id, const char *data);
char *actor_ask (actor_t *self, const char *method, json_t *args, status_t *status);  //  text
status_t actor_try (actor_t *self, const char *method, json_t *args, json_t **reply);
json_t *actor_call (actor_t *self, const char *method, json_t *args);  //  takes args; succeeds
void actor_subscribe (actor_t *self, const char *id);
//  Asks for the event until its delivery to this subscription has this status.
void actor_await_status (actor_t *self, const char *event, const char *subscription,
                         const char *status);
//  Has it explained: the answer's words, and a part of its sentence.
void actor_expect_explained (actor_t *self, const char *event, const char *subscription,
                             const char *status, const char *reason, const char *part);

//  One delivery, and what a test needs of it.
typedef struct {
    uint64_t lease;
    int32_t attempt;
    char event [64], subscription [64];
} given_t;

//  A worker's verbs.
given_t actor_expect_delivery (actor_t *self, uint64_t session);  //  one, alone in its message
void actor_expect_settled (actor_t *self, uint64_t lease);        //  likewise
uint64_t actor_join (actor_t *self, const char *name, uint64_t credit);  //  the session
void actor_grant (actor_t *self, uint64_t session, uint64_t deliveries);
void actor_settle (actor_t *self, uint64_t session, uint64_t lease, outcome_t outcome);
void actor_beat (actor_t *self, uint64_t session, uint64_t lease);  //  lease 0: none

#endif
