#include "daemon/settings_named.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"

bool
named_is_row (const char *key)
{
    return strchr (key, '*');
}

static size_t
name_size (const char *text)
{
    return strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

bool
named_fits (const char *key, const char *row_key)
{
    const char *star = strchr (row_key, '*');
    size_t before = star ? (size_t)(star - row_key) : 0;
    if (!star || strncmp (key, row_key, before) != 0)
        return false;
    size_t size = name_size (key + before);
    return size > 0 && size <= SETTING_NAME_BYTES && strcmp (key + before + size, star + 1) == 0;
}

bool
named_is_section (const char *key, const char *row_key)
{
    const char *star = strchr (row_key, '*');
    size_t before = star ? (size_t)(star - row_key) : 0;
    if (!star || strncmp (key, row_key, before) != 0)
        return false;
    size_t size = name_size (key + before);
    return size > 0 && size <= SETTING_NAME_BYTES && key [before + size] == '\0';
}

named_t *
named_find (named_t *list, const char *key)
{
    named_t *named;
    LL_FOREACH (list, named)
    {
        if (strcmp (named->key, key) == 0)
            return named;
    }
    return NULL;
}

void
named_keep (named_t **list_p, const char *key, size_t row, const char *value, int64_t number)
{
    named_t *named = named_find (*list_p, key);
    if (!named) {
        named = ALLOCATE (named_t);
        named->key = allocate_copy (key);
        named->row = row;
        LL_APPEND (*list_p, named);
    }
    free (named->value);
    named->value = allocate_copy (value);
    named->number = number;
}

void
named_destroy (named_t **list_p)
{
    while (*list_p) {
        named_t *named = *list_p;
        *list_p = named->next;
        free (named->key);
        free (named->value);
        free (named);
    }
}
