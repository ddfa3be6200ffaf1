#include "proto/wire/message.h"

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
        message_arena_destroy (&self->arena);
    }
    *self = (message_t){0};
}
