/*  encode – a message as bytes, by the list in field.c. Keys are written in its order. */
#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/wire/field.h"

//  Room for what is not text or data: keys, numbers and the short texts of most events.
enum { BODY_ROOM = 256, ITEM_ROOM = 512 };

typedef struct {
    uint8_t *bytes;
    size_t used, room;
} buffer_t;

static void pack_record (msgpack_packer *packer, const record_t *record, const void *from);

//  msgpack_packer_write
static int
buffer_write (void *context, const char *bytes, size_t size)
{
    buffer_t *self = context;
    if (size > self->room - self->used) {
        size_t room = 2 * self->room;
        self->room = room - self->used < size ? self->used + size : room;
        self->bytes = allocate_again (self->bytes, 1, self->room);
    }
    memcpy (self->bytes + self->used, bytes, size);
    self->used += size;
    return 0;
}

//  ---- Reading members. They have their types only in field.c, so they are copied out.

#define MEMBER(type, from, offset)                                            \
    __extension__({                                                           \
        type member_;                                                         \
        memcpy (&member_, (const char *)(from) + (offset), sizeof (member_)); \
        member_;                                                              \
    })

static const char *
text_of (const void *at)
{
    const char *text = MEMBER (const char *, at, 0);
    return text ? text : "";
}

//  An optional member that says nothing is left out.
static bool
is_empty (const field_t *field, const void *from)
{
    if (field->is_list || field->kind == FIELD_JSON || field->kind == FIELD_BYTES)
        return MEMBER (size_t, from, field->size_member) == 0;
    switch (field->kind) {
        case FIELD_NUMBER: return MEMBER (uint64_t, from, field->member) == 0;
        case FIELD_SMALL:
        case FIELD_WORD: return MEMBER (uint32_t, from, field->member) == 0;
        case FIELD_FLAG: return !MEMBER (bool, from, field->member);
        case FIELD_TEXT: return !*text_of ((const char *)from + field->member);
        case FIELD_JSON:
        case FIELD_BYTES:
        case FIELD_MAP:
        case FIELD_EVENT: break;
    }
    return false;
}

//  ---- Packing

static void
pack_text (msgpack_packer *packer, const char *text, size_t size)
{
    msgpack_pack_str (packer, size);
    msgpack_pack_str_body (packer, text, size);
}

//  What every reader fills in by itself is not sent.
static void
pack_event (msgpack_packer *packer, const record_t *record, const event_t *event)
{
    ASSERT (event, "a delivery without its event cannot be tried");
    event_t fields = *event;
    if (strcmp (event->key, event->subject) == 0)
        fields.key = "";
    if (strcmp (event->content_type, "application/json") == 0)
        fields.content_type = "";
    if (event->partition < 0)
        fields.partition = 0;  //  not placed yet: left out
    pack_record (packer, record, &fields);
}

static void
pack_word (msgpack_packer *packer, const words_t *words, unsigned value)
{
    ASSERT (value < words->count, "an enum has only the values of its type");
    const char *name = words->name (value);
    pack_text (packer, name, strlen (name));
}

static void
pack_number (msgpack_packer *packer, uint64_t number, uint64_t most)
{
    ASSERT (number <= most, "there are no negative numbers in the protocol: the peer refuses them");
    msgpack_pack_uint64 (packer, number);
}

static void
pack_flag (msgpack_packer *packer, bool flag)
{
    if (flag)
        msgpack_pack_true (packer);
    else
        msgpack_pack_false (packer);
}

//  One value. size: of JSON and BYTES.
static void
pack_value (msgpack_packer *packer, const field_t *field, const void *at, size_t size)
{
    switch (field->kind) {
        case FIELD_NUMBER: pack_number (packer, MEMBER (uint64_t, at, 0), INT64_MAX); break;
        case FIELD_SMALL: pack_number (packer, MEMBER (uint32_t, at, 0), INT32_MAX); break;
        case FIELD_FLAG: pack_flag (packer, MEMBER (bool, at, 0)); break;
        case FIELD_WORD: pack_word (packer, field->words, MEMBER (unsigned, at, 0)); break;
        case FIELD_TEXT: pack_text (packer, text_of (at), strlen (text_of (at))); break;
        case FIELD_JSON: pack_text (packer, text_of (at), size); break;
        case FIELD_BYTES:
            msgpack_pack_bin (packer, size);
            msgpack_pack_bin_body (packer, MEMBER (const void *, at, 0), size);
            break;
        case FIELD_MAP: pack_record (packer, field->of, at); break;
        case FIELD_EVENT: pack_event (packer, field->of, MEMBER (const event_t *, at, 0)); break;
    }
}

static void
pack_list (msgpack_packer *packer, const field_t *field, const void *from, size_t count)
{
    ASSERT (count > 0 || !field->is_needed, "a message about nothing is a bad one to the peer");
    const char *items = MEMBER (const char *, from, field->member);
    msgpack_pack_array (packer, count);
    for (size_t i = 0; i < count; i++)
        pack_value (packer, field, items + i * field_item_size (field), 0);
}

static void
pack_field (msgpack_packer *packer, const field_t *field, const void *from)
{
    size_t size = 0;
    if (field->is_list || field->kind == FIELD_JSON || field->kind == FIELD_BYTES)
        size = MEMBER (size_t, from, field->size_member);
    pack_text (packer, field->key, field->key_size);
    if (field->is_list)
        pack_list (packer, field, from, size);
    else
        pack_value (packer, field, (const char *)from + field->member, size);
}

static void
pack_record (msgpack_packer *packer, const record_t *record, const void *from)
{
    uint32_t present = 0;  //  bits, by the field's place in the record
    size_t count = 0;
    for (size_t i = 0; i < record->count; i++) {
        const field_t *field = &record->fields [i];
        if (field->is_needed || !is_empty (field, from)) {
            present |= UINT32_C (1) << i;
            count++;
        }
    }
    msgpack_pack_map (packer, count);
    for (size_t i = 0; i < record->count; i++) {
        if (present >> i & 1)
            pack_field (packer, &record->fields [i], from);
    }
}

//  A guess that is nearly always enough, so that the bytes are seldom moved.
static size_t
message_room (const message_t *message)
{
    size_t room = BODY_ROOM + message->json_size;
    for (size_t i = 0; i < message->event_count; i++)
        room += ITEM_ROOM + message->events [i]->data_size;
    for (size_t i = 0; i < message->delivery_count; i++)
        room += ITEM_ROOM + message->deliveries [i].event->data_size;
    for (size_t i = 0; i < message->target_count; i++)
        room += BODY_ROOM + message->targets [i].deliver_size;
    room += BODY_ROOM * message->settlement_count + 64 * message->confirmation_count;
    return room + sizeof (uint64_t) * 2 * message->lease_count;
}

void
message_encode (const message_t *self, uint8_t **body, size_t *size)
{
    const record_t *record = record_of_command (self->command);
    ASSERT (record, "a message has one of the commands of command.tbl");
    buffer_t buffer = {.room = message_room (self)};
    buffer.bytes = allocate_again (NULL, 1, buffer.room);
    msgpack_packer packer;
    msgpack_packer_init (&packer, &buffer, buffer_write);
    pack_record (&packer, record, self);
    *body = buffer.bytes;
    *size = buffer.used;
}
