/*  event_list – the events that one request makes, each checked, together small enough for one
 *  message to the broker.
 */
#ifndef EVENT_LIST_H
#define EVENT_LIST_H

#include "proto/model/event.h"

//  Zero-initialise it.
typedef struct {
    event_t **at;        //  ours, and a reference of each
    size_t count, room;  //  events
    size_t bytes;        //  what they take in a message, at the most
} event_list_t;

void event_list_clear (event_list_t *self);  //  empty again
void event_list_free (event_list_t *self);

/*  Make one more of these fields. `where` is what stands before a field's name in the problem:
 *  "data", "impacted_objects[3]". BAD_EVENT or TOO_LARGE otherwise.
 */
status_t event_list_add (event_list_t *self, const event_t *fields, const limits_t *limits,
                         const char *where, problem_t *problem);

//  TOO_LARGE, in words: one request makes more events than it may.
status_t event_list_overfull (const limits_t *limits, const char *where, problem_t *problem);

#endif
