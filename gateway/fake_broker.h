/*  fake_broker – a broker for the gateway's tests: a ROUTER that confirms at once, keeps what it got
 *  in memory, and can be told to be silent, to refuse and what to answer.
 *
 *  It knows three tokens, FAKE_ADMIN, FAKE_WRITER (events:write) and FAKE_READER (the two :read).
 */
#ifndef FAKE_BROKER_H
#define FAKE_BROKER_H

#include "proto/wire/message.h"

#define FAKE_ADMIN  "tocsin_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FAKE_WRITER "tocsin_wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
#define FAKE_READER "tocsin_rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"

typedef struct fake_broker fake_broker_t;

//  `keeps`: events are kept, repeats found. Without, every event is new (for measuring). NULL: the
//  endpoint is in use, perhaps by one that was destroyed a moment ago.
fake_broker_t *fake_broker_new (void *zmq, const char *endpoint, bool keeps);
void fake_broker_destroy (fake_broker_t **self_p);
const char *fake_broker_endpoint (const fake_broker_t *self);

//  Any thread, at any time.
void fake_broker_set_silent (fake_broker_t *self, bool is_silent);  //  hears all, says nothing
void fake_broker_refuse (fake_broker_t *self, status_t status,
                         int64_t retry_after_ms);                      //  OK: no more
void fake_broker_refuse_type (fake_broker_t *self, const char *type);  //  a literal; NULL: no more
void fake_broker_ask_to_wait (fake_broker_t *self, int64_t backoff_ms);  //  in each CONFIRM; 0: not
void fake_broker_answer (fake_broker_t *self, status_t status,
                         const char *json);  //  to every CALL but token.verify; literals

void fake_broker_forget (fake_broker_t *self);  //  all events, calls and what it was told

size_t fake_broker_count (fake_broker_t *self);   //  events kept
event_t *fake_broker_last (fake_broker_t *self);  //  a reference of the last; NULL: none
size_t fake_broker_asked (fake_broker_t *self, const char *method);  //  CALLs of this method
char *fake_broker_arguments (fake_broker_t *self);  //  of the last CALL but status; free () it
size_t fake_broker_largest (fake_broker_t *self);   //  events of the largest PUBLISH

#endif
