/*  checker – what must be true of the world, known without the core: promises 1, 2, 3, 5 and 6.
 *
 *  It is told what clients published and were promised, and what consumers got, and works out for
 *  itself what should have come of it.
 */
#ifndef CHECKER_H
#define CHECKER_H

#include "broker/core/core.h"
#include "broker/store/store.h"
#include "tests/sim/world.h"

typedef struct checker checker_t;

checker_t *checker_new (world_t *world);
void checker_destroy (checker_t **self_p);

void checker_subscribed (checker_t *self, subscription_t *subscription, const int64_t *start_seqs);
void checker_published (checker_t *self, const event_t *event);
//  The client has its 202.
void checker_confirmed (checker_t *self, const char *event, int32_t partition, int64_t seq);
void checker_refused (checker_t *self, const char *event, status_t status);

//  Something broke, or was mended: from now on a repeat has an explanation.
void checker_disturbed (checker_t *self);

//  A consumer gets an event, and has answered. is_leased: the worker's session still lives on the
//  broker; otherwise this is a lease that the broker has given to another meanwhile.
void checker_begun (checker_t *self, const char *subscription, const event_t *event,
                    bool is_leased);
void checker_answered (checker_t *self, const char *subscription, const event_t *event,
                       outcome_t outcome, int64_t begun_ms);

//  After each step of the broker.
void checker_look (checker_t *self, const core_t *core);

//  Whether everything promised has been kept; what is missing is said in `what`.
bool checker_all_ended (checker_t *self, store_t *store, char *what, size_t size);
bool checker_is_dead (store_t *store, const char *event, const char *subscription);
void checker_check_store (checker_t *self, store_t *store);  //  gaps, repeats

int checker_begins (const checker_t *self, const char *subscription, const char *event);
int checker_oks (const checker_t *self, const char *subscription, const char *event);
int64_t checker_total_begins (const checker_t *self);
status_t checker_refusal (const checker_t *self, const char *event);

#endif
