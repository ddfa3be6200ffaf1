#include "proto/wire/message_arena.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum { FIRST_BLOCK = 1024, DOUBLED_BLOCK = 65536, ALIGNMENT = 16 };  //  bytes

typedef struct block {
    struct block *older;
    size_t room;  //  bytes
    _Alignas(ALIGNMENT) char bytes [];
} block_t;

struct message_arena {
    block_t *newest;  //  NULL before the first use
    size_t used;      //  bytes of the newest
};

message_arena_t *
message_arena_new (void)
{
    return ALLOCATE (message_arena_t);
}

//  Keeps `kept`, which is one of them or NULL.
static void
message_arena_free (message_arena_t *self, block_t *kept)
{
    while (self->newest) {
        block_t *block = self->newest;
        self->newest = block->older;
        if (block != kept)
            free (block);
    }
    self->newest = kept;
    self->used = 0;
}

void
message_arena_destroy (message_arena_t **self_p)
{
    message_arena_t *self = *self_p;
    if (!self)
        return;
    message_arena_free (self, NULL);
    free (self);
    *self_p = NULL;
}

void
message_arena_rewind (message_arena_t *self)
{
    block_t *newest = self->newest;
    message_arena_free (self, newest);
    if (newest)
        newest->older = NULL;
}

//  Bytes that are not zeroed.
static char *
message_arena_raw (message_arena_t *self, size_t size)
{
    block_t *newest = self->newest;
    if (!newest || newest->room - self->used < size) {
        size_t room = newest ? 2 * newest->room : FIRST_BLOCK;
        room = room < DOUBLED_BLOCK ? room : DOUBLED_BLOCK;
        room = room < size ? size : room;
        block_t *block = allocate_again (NULL, 1, sizeof *block + room);
        block->older = newest;
        block->room = room;
        self->newest = newest = block;
        self->used = 0;
    }
    char *bytes = newest->bytes + self->used;
    self->used += size;
    return bytes;
}

void *
message_arena_take (message_arena_t *self, size_t size)
{
    if (self->newest) {  //  texts leave it anywhere
        size_t aligned = (self->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
        self->used = aligned < self->newest->room ? aligned : self->newest->room;
    }
    return memset (message_arena_raw (self, size), 0, size);
}

char *
message_arena_text (message_arena_t *self, const void *bytes, size_t size)
{
    char *text = message_arena_raw (self, size + 1);
    if (size > 0)
        memcpy (text, bytes, size);
    text [size] = 0;
    return text;
}
