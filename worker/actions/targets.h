/*  targets – the subscriptions that were used last, each made ready by its action, so that a delivery
 *  need not parse its subscription.
 *
 *  One for each thread. Of a subscription only the last version is kept.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "worker/actions/action.h"

typedef struct targets targets_t;

typedef struct {
    size_t offer;     //  index of its action
    void *ready;      //  what the action's read gave
    char *transform;  //  a program of jq; NULL: none
} prepared_t;

//  offers: borrowed for its life.
targets_t *targets_new (size_t most, const offer_t *offers, size_t count);
void targets_destroy (targets_t **self_p);

/*  There until the next call. NULL and a problem when the target cannot be read, or is for an action
 *  that is not offered.
 */
const prepared_t *targets_get (targets_t *self, const target_t *target, problem_t *problem);
size_t targets_count (const targets_t *self);

#endif
