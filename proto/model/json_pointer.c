#include "proto/model/json_pointer.h"

#include <stdint.h>
#include <string.h>

enum { INDEX_DIGITS = 9 };

bool
json_pointer_is_good (const char *pointer, size_t size)
{
    size_t steps = 0;
    if (size > JSON_POINTER_BYTES || (size > 0 && pointer [0] != '/'))
        return false;
    for (size_t i = 0; i < size; i++) {
        steps += pointer [i] == '/';
        if (pointer [i] == '~' &&
            (i + 1 == size || !strchr ("01", pointer [i + 1]) || !pointer [i + 1]))
            return false;
    }
    return steps <= JSON_POINTER_STEPS;
}

//  A step without its ~0 and ~1; its size.
static size_t
unescape (const char *step, size_t size, char plain [JSON_POINTER_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        bool is_escape = step [i] == '~';
        plain [used++] = !is_escape ? step [i] : step [++i] == '1' ? '/' : '~';
    }
    return used;
}

//  Digits without a leading zero, as the RFC has it.
static const json_t *
get_element (const json_t *array, const char *step, size_t size)
{
    size_t index = 0;
    if (size == 0 || size > INDEX_DIGITS || (size > 1 && step [0] == '0'))
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (step [i] < '0' || step [i] > '9')
            return NULL;
        index = index * 10 + (size_t)(step [i] - '0');
    }
    return json_array_get (array, index);
}

const json_t *
json_pointer_get (const json_t *value, const char *pointer, size_t size)
{
    char plain [JSON_POINTER_BYTES];
    if (!json_pointer_is_good (pointer, size))
        return NULL;
    const char *end = pointer + size;
    while (value && pointer < end) {
        const char *step = pointer + 1;
        const char *next = memchr (step, '/', (size_t)(end - step));
        pointer = next ? next : end;
        size_t step_size = unescape (step, (size_t)(pointer - step), plain);
        if (json_is_object (value))
            value = json_object_getn (value, plain, step_size);
        else
            value = json_is_array (value) ? get_element (value, plain, step_size) : NULL;
    }
    return value;
}
