/*  memory_counts – what one subscription of the memory store has counted, by key. */
#ifndef MEMORY_COUNTS_H
#define MEMORY_COUNTS_H

#include "broker/store/store.h"

typedef struct {
    struct tally *by_key;
} memory_counts_t;

void memory_counts_add (memory_counts_t *self, const char *key);  //  one more
void memory_counts_list (memory_counts_t *self, const char *from, size_t limit, counts_t *counts);
void memory_counts_clear (memory_counts_t *self);

#endif
