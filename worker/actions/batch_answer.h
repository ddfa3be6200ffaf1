/*  batch_answer – what a consumer says of each event of a batch, in the body of a 2xx:
 *
 *      {"data": [{"id": "…", "source"?: "…", "status": "ok" | "retry" | "fail", "error"?: "…", "result"?: …}]}
 *
 *  id and source are those of the CloudEvent. What it does not name has been taken, as the status says;
 *  so has all of it when the body is anything else. A status of another word is tried again.
 */
#ifndef BATCH_ANSWER_H
#define BATCH_ANSWER_H

#include "worker/actions/action.h"
#include "worker/actions/transfer.h"

//  So much of an answer is read, at least `usual`.
size_t batch_answer_most (const run_t *run, size_t usual);

//  Of an attempt that ended ok. An answer that is too long to be read makes it a retry of all.
void batch_answer_read (const transfer_t *transfer, run_t *run);

#endif
