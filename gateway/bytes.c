#include "gateway/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum { ROOM_LEAST = 512, DIGITS_MOST = 20 };

void
bytes_free (bytes_t *self)
{
    free (self->at);
    *self = (bytes_t){0};
}

void
bytes_clear (bytes_t *self, size_t keep)
{
    if (self->room > keep)
        bytes_free (self);
    else if (self->at)
        self->at [0] = 0;
    self->size = 0;
}

static void
bytes_grow (bytes_t *self, size_t room)
{
    size_t doubled = self->room < ROOM_LEAST ? ROOM_LEAST : 2 * self->room;
    size_t wanted = room > doubled ? room : doubled;
    self->at = allocate_again (self->at, wanted, 1);
    self->room = wanted;
}

char *
bytes_reserve (bytes_t *self, size_t more)
{
    size_t room = self->size + more + 1;
    if (room > self->room)
        bytes_grow (self, room);
    return self->at + self->size;
}

void
bytes_add (bytes_t *self, const void *bytes, size_t size)
{
    char *end = bytes_reserve (self, size);
    if (size > 0)
        memcpy (end, bytes, size);
    end [size] = 0;
    self->size += size;
}

void
bytes_add_text (bytes_t *self, const char *text)
{
    bytes_add (self, text, strlen (text));
}

void
bytes_add_number (bytes_t *self, int64_t number)
{
    char digits [DIGITS_MOST + 1];
    char *at = digits + sizeof (digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    bytes_add (self, at, (size_t)(digits + sizeof (digits) - at));
}

//  The letter after the backslash, 0 when the character stands for itself, 'u' when it has no letter.
static char
bytes_json_escape (unsigned char character)
{
    switch (character) {
        case '"': return '"';
        case '\\': return '\\';
        case '\b': return 'b';
        case '\f': return 'f';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        default: return character < 0x20 || character == 0x7f ? 'u' : 0;
    }
}

void
bytes_add_json (bytes_t *self, const char *text, size_t size)
{
    static const char hex [] = "0123456789abcdef";
    char *out = bytes_reserve (self, 6 * size + 2);  //  \u00XX at the most
    char *start = out;
    *out++ = '"';
    for (size_t i = 0; i < size; i++) {
        unsigned char character = (unsigned char)text [i];
        char escape = bytes_json_escape (character);
        if (escape == 0) {
            *out++ = (char)character;
            continue;
        }
        *out++ = '\\';
        *out++ = escape;
        if (escape == 'u') {
            memcpy (out, "00", 2);
            out [2] = hex [character >> 4];
            out [3] = hex [character & 15];
            out += 4;
        }
    }
    *out++ = '"';
    *out = 0;
    self->size += (size_t)(out - start);
}

void
bytes_add_json_text (bytes_t *self, const char *text)
{
    bytes_add_json (self, text, strlen (text));
}
