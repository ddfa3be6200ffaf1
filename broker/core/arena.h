/*  arena – memory that goes all at once. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

typedef struct {
    struct arena_block *blocks;  //  the newest first
} arena_t;

void *arena_take (arena_t *self, size_t size);  //  zeroed, aligned for anything
const char *arena_copy (arena_t *self, const char *text);
void arena_clear (arena_t *self);   //  safe on a zero arena; it can be used again
void arena_rewind (arena_t *self);  //  as clear, but keeps one block for the next use

#endif
