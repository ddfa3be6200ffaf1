/*  event – an immutable fact: what happened, to what, when, and the bytes that say more.
 *
 *  One block of memory, counted: whoever keeps an event takes a reference, from any thread. Only
 *  its place (partition and seq) is set after it was made, once, by the broker's core, before
 *  anybody else can see the event.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/model/limits.h"
#include "proto/model/status.h"

enum { EVENT_HOPS_MOST = 65535 };

typedef enum { PHASE_POST, PHASE_PRE } phase_t;

/*  Strings are UTF-8, never NULL ("" where there is none), and live as long as the event. */
typedef struct event {
    const char *id;            //  its name in the log, 1–64 of A-Za-z0-9_-
    const char *given_id;      //  the client's, when id was derived from (source, given_id)
    const char *source;        //  a URI reference; "" when the client gave none
    const char *type;          //  dotted
    const char *subject;       //  a path
    const char *key;           //  ordering key, never ""
    const char *time;          //  when it happened, RFC 3339 as given
    const char *content_type;  //  of data: "application/json" unless said otherwise
    const char *causation;     //  id of the event that caused this one; "" when none is known
    const char *root;          //  id of the first event of its tree; "" when it is that itself
    const char *via;           //  the subscription whose action made it; "" when none did
    const uint8_t *data;       //  verbatim; NULL only when data_size is 0
    size_t data_size;          //  bytes
    phase_t phase;
    int32_t hops;         //  actions between root and this one
    int32_t partition;    //  0 … N - 1, by event_place; -1 before
    int64_t seq;          //  1, 2, 3 … in its partition; 0 before the commit
    int64_t accepted_ms;  //  wall time at which the broker took it in; 0 before
} event_t;

/*  A copy of the fields, with one reference. Without a key it gets its subject as key, without a
 *  content_type "application/json"; other fields that are NULL become "". Aborts when out of memory:
 *  check the sizes first (event_check).
 */
event_t *event_new (const event_t *fields);
event_t *event_ref (const event_t *event);  //  the same event, one reference more
void event_destroy (event_t **event_p);     //  gives one reference back; safe on NULL

/*  Whether these fields may be an event: lengths within limits, id of its letters, type of
 *  segments, UTF-8 throughout, no control characters, time a RFC 3339 time. A field that event_new
 *  fills in may be missing; a problem's name is the field.
 */
status_t event_check (const event_t *fields, const limits_t *limits, problem_t *problem);

/*  Whether two events of one id say the same: type, subject, key and data are equal, or the id was
 *  derived (it starts with e_, k_ or r_), when it is a repeat whatever else it says.
 */
int event_says_same (const event_t *a, const event_t *b);

int event_has_cause (const event_t *event);  //  whether any of causation, root, via and hops is set

void event_set_place (event_t *event, int32_t partition, int64_t seq, int64_t accepted_ms);
size_t event_size_bytes (const event_t *event);  //  memory it takes, for budgets

/*  Which partition a key belongs to: the first 8 bytes of its BLAKE2b-256, big endian, mod partitions.
 *  Part of the format of the store and of the wire: it never changes.
 */
int32_t event_partition (const char *key, int32_t partitions);

#endif
