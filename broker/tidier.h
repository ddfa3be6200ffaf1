/*  tidier – a thread for the store's work that keeps commits quick (store.h: tidy).
 *
 *  It is nudged after commits, and runs when enough has been written to be worth waking for.
 */
#ifndef TIDIER_H
#define TIDIER_H

#include "broker/store/store.h"

typedef struct tidier tidier_t;

tidier_t *tidier_new (store_t *store);  //  borrowed
void tidier_destroy (tidier_t **self_p);

//  So many bytes were committed. For one thread only, the writer's.
void tidier_nudge (tidier_t *self, size_t bytes);

#endif
