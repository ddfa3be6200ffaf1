/*  targets – the targets that were used last, so that a delivery need not parse its subscription.
 *
 *  One for each thread. Of a subscription only the last version is kept.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "worker/actions/target.h"

typedef struct targets targets_t;

targets_t *targets_new (size_t most);
void targets_destroy (targets_t **self_p);

//  A reference for the caller to give back. NULL and a problem when the target cannot be read.
webhook_target_t *targets_get (targets_t *self, const target_t *target, problem_t *problem);
size_t targets_count (const targets_t *self);

#endif
