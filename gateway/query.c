#include "gateway/query.h"

#include <string.h>

void
query_start (query_t *self, const char *query)
{
    self->rest = query;
    self->is_bad = false;
}

static int
hex_value (char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool
query_decode (const char *at, size_t size, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char character = at [i];
        if (character == '%') {
            int high = i + 2 < size ? hex_value (at [i + 1]) : -1;
            int low = i + 2 < size ? hex_value (at [i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return false;
            character = (char)(high << 4 | low);
            i += 2;
        }
        if (used + 1 >= room)
            return false;
        out [used++] = character;
    }
    out [used] = 0;
    return true;
}

bool
query_next (query_t *self)
{
    while (self->rest && *self->rest == '&')
        self->rest++;
    if (!self->rest || !*self->rest)
        return false;
    const char *at = self->rest;
    size_t size = strcspn (at, "&");
    const char *equals = memchr (at, '=', size);
    size_t name_size = equals ? (size_t)(equals - at) : size;
    size_t value_size = equals ? size - name_size - 1 : 0;
    self->rest = at + size;
    self->is_bad =
        !query_decode (at, name_size, self->name, sizeof (self->name)) ||
        !query_decode (at + size - value_size, value_size, self->value, sizeof (self->value));
    return !self->is_bad;
}
