/*  repertoire – the actions that a worker offers, as its settings say, and what they share.
 *
 *  It outlives the threads that perform them.
 */
#ifndef REPERTOIRE_H
#define REPERTOIRE_H

#include "daemon/settings.h"
#include "worker/actions/action.h"
#include "worker/exec/helper.h"

typedef struct repertoire repertoire_t;

//  helper: borrowed; NULL: there is none. NULL and a problem for settings that cannot be used.
repertoire_t *repertoire_new (const settings_t *settings, const helper_t *helper,
                              problem_t *problem);
void repertoire_destroy (repertoire_t **self_p);  //  safe on NULL

bool repertoire_runs_programs (const repertoire_t *self);
const offer_t *repertoire_offers (const repertoire_t *self);
size_t repertoire_count (const repertoire_t *self);
const char *const *repertoire_names (const repertoire_t *self);  //  of the actions, in that order

#endif
