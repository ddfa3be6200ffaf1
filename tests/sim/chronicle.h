/*  chronicle – all that has ever stood in the log, also what has left it: for whoever must judge what
 *  somebody should have had.
 */
#ifndef CHRONICLE_H
#define CHRONICLE_H

#include "tests/sim/world.h"

typedef struct chronicle chronicle_t;

chronicle_t *chronicle_new (world_t *world);
void chronicle_destroy (chronicle_t **self_p);

//  Takes down what the log has by now: before anything may leave it.
void chronicle_look (chronicle_t *self);

//  The seq of the first event of this type above that seq, as of the last look; 0: there is none.
int64_t chronicle_next (const chronicle_t *self, int32_t partition, int64_t above_seq,
                        const char *type);

#endif
