#include "proto/model/allocate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"

void *
allocate (size_t count, size_t size)
{
    void *memory = calloc (count ? count : 1, size ? size : 1);
    ASSERT (memory,
            "out of memory: raise the limit of the process, or lower limits/ in the settings");
    return memory;
}

void *
allocate_again (void *memory, size_t count, size_t size)
{
    ASSERT (size == 0 || count <= SIZE_MAX / size, "a size that overflows was not checked before");
    size_t bytes = count * size;
    void *again = realloc (memory, bytes > 0 ? bytes : 1);
    ASSERT (again,
            "out of memory: raise the limit of the process, or lower limits/ in the settings");
    return again;
}

char *
allocate_copy (const char *text)
{
    char *copy = strdup (text);
    ASSERT (copy,
            "out of memory: raise the limit of the process, or lower limits/ in the settings");
    return copy;
}

void *
allocate_bytes (const void *bytes, size_t size)
{
    if (size == 0)
        return NULL;
    return memcpy (allocate (1, size), bytes, size);
}

void
text_destroy (char **text_p)
{
    free (*text_p);
    *text_p = NULL;
}
