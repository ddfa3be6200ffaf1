/*  sample – a message of every command with every member set, for tests. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "proto/wire/message.h"

/*  The samples, one for each row of command.tbl, in its order. They live as long as the program. */
const message_t *sample_of (command_t command);
size_t sample_count (void);
const message_t *sample_at (size_t index);

#endif
