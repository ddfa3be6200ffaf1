/*  repertoire – the actions that a worker offers, as its settings say, and what they share.
 *
 *  It outlives the threads that perform them.
 */
#ifndef REPERTOIRE_H
#define REPERTOIRE_H

#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "worker/actions/action.h"
#include "worker/exec/helper.h"

typedef struct repertoire repertoire_t;

/*  helper, metrics: borrowed; helper NULL: there is none. NULL and a problem for settings that cannot
 *  be used.
 */
repertoire_t *repertoire_new (const settings_t *settings, const helper_t *helper,
                              metrics_t *metrics, problem_t *problem);
void repertoire_destroy (repertoire_t **self_p);  //  safe on NULL

bool repertoire_runs_programs (const repertoire_t *self);
const offer_t *repertoire_offers (const repertoire_t *self);
size_t repertoire_count (const repertoire_t *self);
//  In that order: of the actions, and what their subscriptions may say.
const char *const *repertoire_names (const repertoire_t *self);
const char *const *repertoire_schemas (const repertoire_t *self);

#endif
