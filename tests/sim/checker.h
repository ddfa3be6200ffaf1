/*  checker – what must never happen, looked for while it would: promises 1, 2, 3, 5 and 6.
 *
 *  It is told what happens to clients and consumers, writes it into the ledger, and knows nothing of
 *  the core. What must have come of it in the end is the model's to say.
 */
#ifndef CHECKER_H
#define CHECKER_H

#include "broker/core/core.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

typedef struct checker checker_t;

checker_t *checker_new (world_t *world, ledger_t *ledger);
void checker_destroy (checker_t **self_p);

//  The client has its 202.
void checker_confirmed (checker_t *self, const char *event, int32_t partition, int64_t seq);

//  Something broke, or was mended: from now on a repeat has an explanation.
void checker_disturbed (checker_t *self);
//  Whether there is one, for a consumer that has had this: somebody asked for it, or there was no room
//  for what came of it.
bool checker_explains (const checker_t *self, const asked_t *asked, const experience_t *had);

//  One action more would be one too many in a row.
bool checker_is_too_far (const world_t *world, const asked_t *asked, const event_t *event);

//  A consumer gets an event, and has answered. is_leased: the worker's session still lives on the
//  broker; otherwise this is a lease that the broker has given to another meanwhile.
void checker_begun (checker_t *self, const char *subscription, const event_t *event,
                    bool is_leased);
//  begun_ms: 0, when it began without a lease: then a repeat is explained.
void checker_answered (checker_t *self, const char *subscription, const event_t *event,
                       outcome_t outcome, int64_t begun_ms);

//  After each step of the broker.
void checker_look (checker_t *self, const core_t *core);

int64_t checker_total_begins (const checker_t *self);

#endif
