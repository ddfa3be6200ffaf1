/*  webhook – one attempt at a time to POST an event to its consumer, over an easy handle of libcurl.
 *
 *  A webhook is a slot: it is prepared, its handle is run by a multi handle, and it is concluded;
 *  then it may be prepared again, best for the same target. What the consumer receives, and what its
 *  answers mean, is in docs/webhooks.md.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "worker/actions/action.h"
#include "worker/actions/target.h"
#include "worker/actions/transfer.h"

typedef struct webhook webhook_t;

webhook_t *webhook_new (const transfer_settings_t *settings);  //  borrowed for its life
void webhook_destroy (webhook_t **self_p);

/*  Makes the request of an attempt ready; what it points to stays until that is concluded, and the
 *  target is referenced until the next time. A problem when its templates cannot be filled: the
 *  attempt ends `fail`.
 */
status_t webhook_prepare (webhook_t *self, webhook_target_t *target, const run_t *run,
                          problem_t *problem);
CURL *webhook_handle (webhook_t *self);  //  its CURLOPT_PRIVATE is the caller's
const webhook_target_t *webhook_last_target (const webhook_t *self);

//  What came of it, by what the multi handle says. CURLE_ABORTED_BY_CALLBACK: it was cancelled.
void webhook_conclude (webhook_t *self, CURLcode code, run_t *run);

#endif
