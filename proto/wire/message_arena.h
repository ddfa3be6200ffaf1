/*  message_arena – the memory of one decoded message: few blocks, all gone at once. */
#ifndef MESSAGE_ARENA_H
#define MESSAGE_ARENA_H

#include <stddef.h>

typedef struct message_arena message_arena_t;

message_arena_t *message_arena_new (void);
void message_arena_destroy (message_arena_t **self_p);

void *message_arena_take (message_arena_t *self, size_t size);  //  zeroed, aligned for anything
//  `size` bytes with a zero behind them.
char *message_arena_text (message_arena_t *self, const void *bytes, size_t size);

//  Forgets everything, but keeps a block for the next use.
void message_arena_rewind (message_arena_t *self);

#endif
