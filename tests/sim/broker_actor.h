/*  broker_actor – a broker in the world: the real core, its store, and writer and reader in virtual
 *  time. The store outlives a crash with what was committed; a commit that was under way happened or
 *  not, as the seed has it.
 */
#ifndef BROKER_ACTOR_H
#define BROKER_ACTOR_H

#include "broker/core/core.h"
#include "broker/store/store.h"
#include "proto/wire/message.h"
#include "tests/sim/world.h"

typedef struct broker_actor broker_actor_t;

broker_actor_t *broker_actor_new (world_t *world, int32_t partitions);
void broker_actor_destroy (broker_actor_t **self_p);

void broker_actor_start (broker_actor_t *self);  //  from what its store has
void broker_actor_kill (broker_actor_t *self);
void broker_actor_freeze (broker_actor_t *self, int64_t for_ms);
bool broker_actor_is_up (const broker_actor_t *self);
bool broker_actor_is_awake (const broker_actor_t *self);  //  up, and not frozen
int32_t broker_actor_partitions (const broker_actor_t *self);
store_t *broker_actor_store (broker_actor_t *self);

void broker_actor_spoil_next_commit (broker_actor_t *self, bool is_applied);

//  Up, awake, and nothing is left to do.
bool broker_actor_is_at_rest (const broker_actor_t *self);
//  Those that it knows, at most WORLD_SESSIONS.
size_t broker_actor_sessions (const broker_actor_t *self, session_id_t *sessions);
bool broker_actor_has_session (const broker_actor_t *self, uint64_t session);

//  How the core has a delivery, in words.
void broker_actor_describe (const broker_actor_t *self, const char *subscription, int32_t partition,
                            int64_t seq, char *text, size_t size);

//  A message has arrived; it is taken over.
void broker_actor_hear (broker_actor_t *self, uint64_t peer, message_t *message);
//  What an operator asks; it is awake. Answers go to the operator.
void broker_actor_ask (broker_actor_t *self, const input_t *input);
//  One of those that it knows is told to work on so many at a time; 0: as it likes.
void broker_actor_resize (broker_actor_t *self, size_t which, int64_t capacity);
//  A connection has broken, and it has noticed.
void broker_actor_lose (broker_actor_t *self, uint64_t peer);

const subscription_t *broker_actor_subscription (const broker_actor_t *self, const char *id);
//  It is paused or disabled.
bool broker_actor_has_stopped (const broker_actor_t *self, const char *subscription);
int broker_actor_under_way (const broker_actor_t *self, const char *subscription);
bool broker_actor_has_written_all (const broker_actor_t *self);
size_t broker_actor_redrive_room (const broker_actor_t *self, const char *subscription,
                                  int32_t partition);
bool broker_actor_can_cancel (const broker_actor_t *self, const char *subscription,
                              int32_t partition, int64_t seq);
int64_t broker_actor_last_seq (const broker_actor_t *self, int32_t partition);
int64_t broker_actor_now (const broker_actor_t *self);  //  by its own clock

#endif
