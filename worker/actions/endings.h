/*  endings – how each delivery of a batch ended.
 *
 *  Zero-initialised before its first use, used again for the next attempt; its texts are in itself.
 */
#ifndef ENDINGS_H
#define ENDINGS_H

#include "worker/actions/ending.h"

typedef struct {
    settlement_t *settlements;  //  ours; those of the batch, in its order
    size_t count, room;         //  count 0: they ended alike
    char **texts;               //  ours; what their errors and results point to
    size_t text_count, text_room;
} endings_t;

void endings_clear (endings_t *self);
void endings_free (endings_t *self);

//  All ended like this one; then some of them may be changed.
void endings_fill (endings_t *self, size_t count, const settlement_t *like);
void endings_change (endings_t *self, size_t index, outcome_t outcome, const char *error,
                     const char *result);

#endif
