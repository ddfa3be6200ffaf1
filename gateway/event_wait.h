/*  event_wait – what has become of events that were just published, for a client that waits for it. */
#ifndef EVENT_WAIT_H
#define EVENT_WAIT_H

#include "gateway/call.h"

//  The deliveries of one event, an array, verbatim; no `at`: nothing is told.
typedef struct {
    call_t call;
    bool is_answered;  //  otherwise there is nothing more
    bool is_done;      //  all that are waited for have ended
} event_wait_t;

/*  Asks the broker, which answers when all is done, after wait_s at the latest. The event list and
 *  confirmations are the request's; what failed is not asked for.
 */
void event_wait_ask (event_wait_t *self, request_t *request, int64_t wait_s);
json_span_t event_wait_next (event_wait_t *self);  //  of the next event, in their order
void event_wait_end (event_wait_t *self);

#endif
