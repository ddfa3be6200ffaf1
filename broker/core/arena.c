#include "broker/core/arena.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum { BLOCK_BYTES = 4096, ALIGNMENT = 16 };

typedef struct arena_block {
    struct arena_block *next;
    size_t used, room;  //  bytes
    _Alignas(ALIGNMENT) unsigned char bytes [];
} block_t;

static block_t *
block_new (size_t size)
{
    size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    block_t *block = allocate_again (NULL, 1, sizeof (block_t) + room);  //  zeroed as it is taken
    block->used = 0;
    block->room = room;
    return block;
}

void *
arena_take (arena_t *self, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    block_t *block = self->blocks;
    if (!block || block->room - block->used < size) {
        block = block_new (size);
        block->next = self->blocks;
        self->blocks = block;
    }
    void *memory = block->bytes + block->used;
    block->used += size;
    return memset (memory, 0, size);
}

const char *
arena_copy (arena_t *self, const char *text)
{
    size_t size = strlen (text) + 1;
    return memcpy (arena_take (self, size), text, size);
}

static void
free_from (block_t *block)
{
    while (block) {
        block_t *next = block->next;
        free (block);
        block = next;
    }
}

void
arena_clear (arena_t *self)
{
    free_from (self->blocks);
    self->blocks = NULL;
}

void
arena_rewind (arena_t *self)
{
    if (!self->blocks)
        return;
    free_from (self->blocks->next);
    self->blocks->next = NULL;
    self->blocks->used = 0;
}
