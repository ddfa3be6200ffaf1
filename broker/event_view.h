/*  event_view – one event with its deliveries, as GET /v1/events/{id} shows it.
 *
 *  Joins what the store kept (attempts, exceptions) with what the core holds now.
 */
#ifndef EVENT_VIEW_H
#define EVENT_VIEW_H

#include <jansson.h>

#include "broker/core/core.h"
#include "broker/store/store.h"

typedef struct {
    const core_t *core;
    const history_t *history;
    bool with_results;  //  of the attempts: the part that can be long
} event_view_t;

/*  The answer as JSON: {"data": …}; free () it. The event's data stands in it byte for byte.
 *
 *  behind        stands for the deliveries of which the core knows no more, and the store no attempt
 *                yet: they have ended, or there never were any; 0 for none. If they are the same when
 *                all that was said until now is on disk, there never were any. One of which the core
 *                still knows that its end is being written, and which is shown, is another one then
 */
char *event_view_text (const event_view_t *self, size_t *size, uint64_t *behind);

//  Its deliveries alone, an array; a new reference.
json_t *event_view_deliveries (const event_view_t *self, uint64_t *behind);

//  Whether it lies where the subscription begins, or within what the replay repeats.
bool event_view_is_wanted (const subscription_t *subscription, const event_t *event);

json_t *event_view_attempt (const attempt_t *attempt, bool with_result);  //  a new reference

//  What it is, without its data; a new reference.
json_t *event_view_attributes (const event_t *event);

#endif
