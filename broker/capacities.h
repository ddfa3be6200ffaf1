/*  capacities – how many deliveries at a time somebody wants workers to work on, by their names.
 *
 *  It holds for a name until it is taken back or the broker ends; back tells it to those who have it.
 */
#ifndef CAPACITIES_H
#define CAPACITIES_H

#include <stddef.h>
#include <stdint.h>

typedef struct capacity_entry capacity_entry_t;

//  Zero-initialised it is empty; capacities_clear at the end.
typedef struct {
    capacity_entry_t *entries;
} capacities_t;

void capacities_want (capacities_t *self, const char *worker, int64_t capacity);  //  0: as it likes
int64_t capacities_wanted (const capacities_t *self, const char *worker);         //  0: as it likes
size_t capacities_count (const capacities_t *self);
void capacities_clear (capacities_t *self);

#endif
