#include "proto/wire/message.h"

#include <string.h>

#include "proto/wire/cursor.h"
#include "proto/wire/field.h"
#include "proto/wire/message_arena.h"

const char *
command_name (command_t command)
{
    const record_t *record = record_of_command (command);
    return record ? record->name : "?";
}

//  A message that was decoded in part has events in the first places only; the rest are NULL.
void
message_clear (message_t *self)
{
    if (self->arena) {
        for (size_t i = 0; i < self->event_count; i++)
            event_destroy (&self->events [i]);
        for (size_t i = 0; i < self->delivery_count; i++)
            event_destroy (&self->deliveries [i].event);
        event_destroy (&self->event);
        message_arena_destroy (&self->arena);
    }
    *self = (message_t){0};
}

uint64_t
message_request (const uint8_t *body, size_t size)
{
    static const char key_wanted [] = "request";
    cursor_t cursor = cursor_at (body, size);
    item_t map, key, value;
    if (!cursor_next (&cursor, &map) || map.kind != ITEM_MAP)
        return 0;
    for (uint64_t i = 0; i < map.number; i++) {
        if (!cursor_next (&cursor, &key) || key.kind != ITEM_TEXT)
            return 0;
        bool is_wanted = key.number == sizeof (key_wanted) - 1 &&
                         memcmp (key.bytes, key_wanted, key.number) == 0;
        if (is_wanted) {
            bool is_number = cursor_next (&cursor, &value) && value.kind == ITEM_NUMBER;
            return is_number && value.number <= INT64_MAX ? value.number : 0;
        }
        if (!cursor_skip (&cursor))
            return 0;
    }
    return 0;
}
