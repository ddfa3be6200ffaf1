#include "proto/wire/cursor.h"

enum { FORMAT_FIRST = 0xc0, FORMAT_LAST = 0xdf };

//  How the argument that follows a format byte is meant.
typedef enum {
    ARGUMENT_NONE,
    ARGUMENT_VALUE,
    ARGUMENT_SIGNED,
    ARGUMENT_SIZE,
    ARGUMENT_COUNT
} argument_t;

typedef struct {
    uint8_t kind;      //  item_kind_t
    uint8_t argument;  //  argument_t
    uint8_t width;     //  bytes of the argument
    uint8_t fixed;     //  bytes that follow in any case: an extension's type, and its data if fixed
    bool is_format;    //  0xc1 is none
} format_t;

//  The formats 0xc0 … 0xdf of the MessagePack specification; the others have their argument inside.
static const format_t formats [FORMAT_LAST - FORMAT_FIRST + 1] = {
    [0x00] = {ITEM_NIL, ARGUMENT_NONE, 0, 0, true},
    [0x02] = {ITEM_FALSE, ARGUMENT_NONE, 0, 0, true},
    [0x03] = {ITEM_TRUE, ARGUMENT_NONE, 0, 0, true},
    [0x04] = {ITEM_BYTES, ARGUMENT_SIZE, 1, 0, true},
    [0x05] = {ITEM_BYTES, ARGUMENT_SIZE, 2, 0, true},
    [0x06] = {ITEM_BYTES, ARGUMENT_SIZE, 4, 0, true},
    [0x07] = {ITEM_EXTENSION, ARGUMENT_SIZE, 1, 1, true},
    [0x08] = {ITEM_EXTENSION, ARGUMENT_SIZE, 2, 1, true},
    [0x09] = {ITEM_EXTENSION, ARGUMENT_SIZE, 4, 1, true},
    [0x0a] = {ITEM_FLOAT, ARGUMENT_VALUE, 4, 0, true},
    [0x0b] = {ITEM_FLOAT, ARGUMENT_VALUE, 8, 0, true},
    [0x0c] = {ITEM_NUMBER, ARGUMENT_VALUE, 1, 0, true},
    [0x0d] = {ITEM_NUMBER, ARGUMENT_VALUE, 2, 0, true},
    [0x0e] = {ITEM_NUMBER, ARGUMENT_VALUE, 4, 0, true},
    [0x0f] = {ITEM_NUMBER, ARGUMENT_VALUE, 8, 0, true},
    [0x10] = {ITEM_NUMBER, ARGUMENT_SIGNED, 1, 0, true},
    [0x11] = {ITEM_NUMBER, ARGUMENT_SIGNED, 2, 0, true},
    [0x12] = {ITEM_NUMBER, ARGUMENT_SIGNED, 4, 0, true},
    [0x13] = {ITEM_NUMBER, ARGUMENT_SIGNED, 8, 0, true},
    [0x14] = {ITEM_EXTENSION, ARGUMENT_NONE, 0, 2, true},
    [0x15] = {ITEM_EXTENSION, ARGUMENT_NONE, 0, 3, true},
    [0x16] = {ITEM_EXTENSION, ARGUMENT_NONE, 0, 5, true},
    [0x17] = {ITEM_EXTENSION, ARGUMENT_NONE, 0, 9, true},
    [0x18] = {ITEM_EXTENSION, ARGUMENT_NONE, 0, 17, true},
    [0x19] = {ITEM_TEXT, ARGUMENT_SIZE, 1, 0, true},
    [0x1a] = {ITEM_TEXT, ARGUMENT_SIZE, 2, 0, true},
    [0x1b] = {ITEM_TEXT, ARGUMENT_SIZE, 4, 0, true},
    [0x1c] = {ITEM_LIST, ARGUMENT_COUNT, 2, 0, true},
    [0x1d] = {ITEM_LIST, ARGUMENT_COUNT, 4, 0, true},
    [0x1e] = {ITEM_MAP, ARGUMENT_COUNT, 2, 0, true},
    [0x1f] = {ITEM_MAP, ARGUMENT_COUNT, 4, 0, true},
};

cursor_t
cursor_at (const uint8_t *bytes, size_t size)
{
    return (cursor_t){bytes, size ? bytes + size : bytes};
}

size_t
cursor_left (const cursor_t *self)
{
    return (size_t)(self->end - self->at);
}

static bool
cursor_take (cursor_t *self, uint64_t size, item_t *item)
{
    if (size > cursor_left (self))
        return false;
    item->bytes = self->at;
    self->at += size;
    return true;
}

static bool
cursor_argument (cursor_t *self, size_t width, uint64_t *argument)
{
    if (width > cursor_left (self))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | self->at [i];
    self->at += width;
    *argument = value;
    return true;
}

static bool
cursor_format (cursor_t *self, const format_t *format, item_t *item)
{
    uint64_t argument = 0;
    if (!format->is_format || !cursor_argument (self, format->width, &argument))
        return false;
    *item = (item_t){.kind = (item_kind_t)format->kind, .number = argument};
    if (format->argument == ARGUMENT_SIGNED && argument >> (8 * format->width - 1))
        item->kind = ITEM_NEGATIVE;
    if (format->argument == ARGUMENT_SIZE)
        return cursor_take (self, argument + format->fixed, item);
    return cursor_take (self, format->fixed, item);
}

bool
cursor_next (cursor_t *self, item_t *item)
{
    if (self->at == self->end)
        return false;
    uint8_t first = *self->at++;
    if (first < 0x80)
        *item = (item_t){.kind = ITEM_NUMBER, .number = first};
    else if (first < 0x90)
        *item = (item_t){.kind = ITEM_MAP, .number = first & 0x0f};
    else if (first < 0xa0)
        *item = (item_t){.kind = ITEM_LIST, .number = first & 0x0f};
    else if (first < FORMAT_FIRST) {
        *item = (item_t){.kind = ITEM_TEXT, .number = first & 0x1f};
        return cursor_take (self, item->number, item);
    }
    else if (first <= FORMAT_LAST)
        return cursor_format (self, &formats [first - FORMAT_FIRST], item);
    else
        *item = (item_t){.kind = ITEM_NEGATIVE};
    return true;
}

bool
cursor_skip (cursor_t *self)
{
    uint64_t wanted = 1;  //  items still to pass over; each is a byte at least
    while (wanted > 0) {
        item_t item;
        if (wanted > cursor_left (self) || !cursor_next (self, &item))
            return false;
        wanted--;
        if (item.kind == ITEM_LIST)
            wanted += item.number;
        else if (item.kind == ITEM_MAP)
            wanted += 2 * item.number;
    }
    return true;
}

const char *
item_kind_name (item_kind_t kind)
{
    switch (kind) {
        case ITEM_NIL: return "nil";
        case ITEM_FALSE:
        case ITEM_TRUE: return "a boolean";
        case ITEM_NUMBER: return "a number";
        case ITEM_NEGATIVE: return "a number below 0";
        case ITEM_FLOAT: return "a float";
        case ITEM_TEXT: return "a text";
        case ITEM_BYTES: return "bytes";
        case ITEM_LIST: return "a list";
        case ITEM_MAP: return "a map";
        case ITEM_EXTENSION: break;
    }
    return "an extension";
}
