#include "worker/exec/errand.h"

#include <string.h>

static uint32_t
add_words (body_t *body, char *const *words)
{
    uint32_t count = 0;
    for (; words [count]; count++)
        body_add (body, words [count], strlen (words [count]) + 1);
    return count;
}

void
errand_write (body_t *body, const program_t *program, int64_t timeout_ms, char *const *more)
{
    errand_t errand = {.timeout_ms =
                           timeout_ms < program->timeout_ms ? timeout_ms : program->timeout_ms,
                       .grace_ms = program->grace_ms,
                       .memory_bytes = program->memory_bytes,
                       .output_bytes = program->output_bytes,
                       .file_bytes = program->file_bytes,
                       .processes = program->processes,
                       .user = program->user};
    body_add (body, &errand, sizeof errand);
    errand.argument_count = add_words (body, program->command);
    errand.environment_count = add_words (body, program->environment);
    errand.environment_count += add_words (body, more);
    body_add (body, program->directory, strlen (program->directory) + 1);
    memcpy (body->bytes, &errand, sizeof errand);
}

//  The next words, from *at on; false: there are not so many.
static bool
take_words (char **words, uint32_t count, char **at, const char *end)
{
    if (count > ERRAND_WORDS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        size_t left = (size_t)(end - *at);
        size_t size = strnlen (*at, left);
        if (size == left)
            return false;
        words [i] = *at;
        *at += size + 1;
    }
    words [count] = NULL;
    return true;
}

bool
errand_read (errand_read_t *self, char *bytes, size_t size)
{
    if (size < sizeof self->numbers)
        return false;
    memcpy (&self->numbers, bytes, sizeof self->numbers);
    const errand_t *numbers = &self->numbers;
    char *at = bytes + sizeof *numbers, *directory [2];
    const char *end = bytes + size;
    bool is_whole = numbers->argument_count > 0 && numbers->user.group_count >= 0 &&
                    numbers->user.group_count <= PROGRAM_GROUPS && numbers->output_bytes > 0 &&
                    take_words (self->arguments, numbers->argument_count, &at, end) &&
                    take_words (self->environment, numbers->environment_count, &at, end) &&
                    take_words (directory, 1, &at, end);
    if (is_whole)
        self->directory = directory [0];
    return is_whole;
}
