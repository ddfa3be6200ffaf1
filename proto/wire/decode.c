/*  decode – a message from bytes, by the list in field.c.
 *
 *  One pass. A count or size is held against its limit and against the bytes that are left before
 *  anything is allocated for it; a key may come once, so that nothing is allocated twice.
 */
#include <stdio.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/utf8.h"
#include "proto/wire/cursor.h"
#include "proto/wire/field.h"
#include "proto/wire/message_arena.h"

enum { HEAD_SIZE = 2, DEEPEST = 3 };  //  deliveries[0].event.id
enum {
    MEMBERS_MOST = 4096
};  //  of a map that we read: who passes over more has no time for others
enum { HEARTBEAT_LEAST_MS = 10, HEARTBEAT_MOST_MS = 60000 };  //  as the setting

//  Where in the message we are, for the sentence.
typedef struct {
    const field_t *field;
    size_t index;  //  of a list's item
    bool is_item;  //  in an item of the list, not at the list itself
} place_t;

typedef struct {
    cursor_t cursor;
    const limits_t *limits;
    message_arena_t *kept;     //  the message's
    message_arena_t *scratch;  //  texts of one event, which event_new copies
    message_arena_t *texts;    //  the one of the two that texts go to now
    place_t places [DEEPEST];
    size_t depth;  //  places in use
    const char *command;
    problem_t *problem;
} decoder_t;

static status_t read_record (decoder_t *self, const record_t *record, void *into);

//  ---- Sentences

static status_t
decoder_refuse (decoder_t *self, status_t status, const char *said)
{
    char path [120] = "";
    size_t length = 0;
    for (size_t i = 0; i < self->depth; i++) {
        const place_t *place = &self->places [i];
        const char *dot = i > 0 ? "." : "";
        size_t room = sizeof (path) - length;
        int added = place->is_item ? snprintf (path + length, room, "%s%s[%zu]", dot,
                                               place->field->key, place->index)
                                   : snprintf (path + length, room, "%s%s", dot, place->field->key);
        ASSERT (added > 0 && (size_t)added < room, "keys are short, and so are three of them");
        length += (size_t)added;
    }
    return problem_at (self->problem, status, path, "%s: %s%s%s", self->command, path,
                       *path ? ": " : "", said);
}

#define REFUSE(self, status, ...)                      \
    __extension__({                                    \
        char said_ [200];                              \
        snprintf (said_, sizeof (said_), __VA_ARGS__); \
        decoder_refuse (self, status, said_);          \
    })

static status_t
decoder_cut (decoder_t *self)
{
    return decoder_refuse (self, STATUS_BAD_MESSAGE,
                           "the bytes end too early, or are no MessagePack");
}

//  ---- Single values

static int64_t
most_of (const decoder_t *self, size_t limit)
{
    int64_t most;
    memcpy (&most, (const char *)self->limits + limit, sizeof (most));
    return most;
}

//  Reads an item that has to be of this kind.
static status_t
read_item (decoder_t *self, item_kind_t kind, item_t *item)
{
    if (!cursor_next (&self->cursor, item))
        return decoder_cut (self);
    if (item->kind != kind)
        return REFUSE (self, STATUS_BAD_MESSAGE, "%s was expected, this is %s",
                       item_kind_name (kind), item_kind_name (item->kind));
    return STATUS_OK;
}

static status_t
read_number (decoder_t *self, uint64_t most, uint64_t *number)
{
    item_t item;
    status_t status = read_item (self, ITEM_NUMBER, &item);
    if (status)
        return status;
    if (item.number > most)
        return REFUSE (self, STATUS_BAD_MESSAGE, "the number is above %llu",
                       (unsigned long long)most);
    *number = item.number;
    return STATUS_OK;
}

static status_t
read_flag (decoder_t *self, bool *flag)
{
    item_t item;
    if (!cursor_next (&self->cursor, &item))
        return decoder_cut (self);
    if (item.kind != ITEM_TRUE && item.kind != ITEM_FALSE)
        return REFUSE (self, STATUS_BAD_MESSAGE, "a boolean was expected, this is %s",
                       item_kind_name (item.kind));
    *flag = item.kind == ITEM_TRUE;
    return STATUS_OK;
}

//  Text or bytes, held against their limit.
static status_t
read_sized (decoder_t *self, const field_t *field, item_kind_t kind, item_t *item)
{
    status_t status = read_item (self, kind, item);
    if (status)
        return status;
    int64_t most = most_of (self, field->most);
    if (item->number > (uint64_t)most)
        return REFUSE (self, STATUS_TOO_LARGE, "%llu bytes are too long; at most %lld",
                       (unsigned long long)item->number, (long long)most);
    return STATUS_OK;
}

//  UTF-8 without a zero; other control characters may be.
static bool
is_text (const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        if (bytes [at] > 0 && bytes [at] < 0x80) {
            at++;
            continue;
        }
        size_t length = bytes [at] ? utf8_character ((const char *)bytes + at, size - at) : 0;
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

static status_t
read_text (decoder_t *self, const field_t *field, item_t *item)
{
    status_t status = read_sized (self, field, ITEM_TEXT, item);
    if (status)
        return status;
    if (!is_text (item->bytes, item->number))
        return decoder_refuse (self, STATUS_BAD_MESSAGE,
                               "it has a zero, or bytes that are not UTF-8");
    return STATUS_OK;
}

static status_t
read_word (decoder_t *self, const words_t *words, unsigned *value)
{
    item_t item;
    status_t status = read_item (self, ITEM_TEXT, &item);
    if (status)
        return status;
    for (unsigned i = 0; i < words->count; i++) {
        const char *name = words->name (i);
        if (strlen (name) == item.number && memcmp (name, item.bytes, item.number) == 0) {
            *value = i;
            return STATUS_OK;
        }
    }
    if (words->unknown < 0)
        return decoder_refuse (self, STATUS_BAD_MESSAGE, "there is no such word: see PROTOCOL.md");
    *value = (unsigned)words->unknown;
    return STATUS_OK;
}

//  ---- Events

//  The facts as they came; their texts are in scratch, their data in the frame.
static status_t
make_event (decoder_t *self, const event_t *facts, event_t **event)
{
    problem_t problem;
    status_t status = event_check (facts, self->limits, &problem);
    if (status)
        return decoder_refuse (self, status == STATUS_TOO_LARGE ? status : STATUS_BAD_MESSAGE,
                               problem.text);
    event_t fields = *facts;
    fields.partition = -1;
    fields.seq = fields.accepted_ms = 0;
    *event = event_new (&fields);
    if (facts->seq > 0)
        event_set_place (*event, facts->partition, facts->seq, facts->accepted_ms);
    return STATUS_OK;
}

static status_t
read_event (decoder_t *self, const record_t *record, event_t **event)
{
    event_t facts = {0};
    message_arena_rewind (self->scratch);
    self->texts = self->scratch;
    status_t status = read_record (self, record, &facts);
    self->texts = self->kept;
    return status ? status : make_event (self, &facts, event);
}

//  ---- Members

static void
set_member (void *into, size_t offset, const void *value, size_t size)
{
    memcpy ((char *)into + offset, value, size);
}

static status_t
read_small (decoder_t *self, void *at)
{
    uint64_t number;
    status_t status = read_number (self, INT32_MAX, &number);
    if (status == STATUS_OK)
        set_member (at, 0, &(uint32_t){(uint32_t)number}, sizeof (uint32_t));
    return status;
}

//  One value of a list, or of a member that has no size beside it.
static status_t
read_value (decoder_t *self, const field_t *field, void *at)
{
    item_t item;
    status_t status;
    switch (field->kind) {
        case FIELD_NUMBER: return read_number (self, INT64_MAX, at);
        case FIELD_SMALL: return read_small (self, at);
        case FIELD_FLAG: return read_flag (self, at);
        case FIELD_WORD: return read_word (self, field->words, at);
        case FIELD_TEXT:
            status = read_text (self, field, &item);
            if (status == STATUS_OK)
                *(const char **)at = message_arena_text (self->texts, item.bytes, item.number);
            return status;
        case FIELD_MAP: return read_record (self, field->of, at);
        case FIELD_EVENT: return read_event (self, field->of, at);
        case FIELD_JSON:
        case FIELD_BYTES: break;
    }
    ASSERT (false, "read_field reads what has its size beside it");
    return STATUS_INTERNAL;
}

static status_t
read_list (decoder_t *self, place_t *place, void *into)
{
    const field_t *field = place->field;
    item_t list;
    status_t status = read_item (self, ITEM_LIST, &list);
    if (status)
        return status;
    int64_t most = most_of (self, field->count_most);
    if (list.number > (uint64_t)most)
        return REFUSE (self, STATUS_TOO_LARGE, "%llu are too many; at most %lld",
                       (unsigned long long)list.number, (long long)most);
    if (list.number > cursor_left (&self->cursor))
        return decoder_cut (self);  //  each is a byte at least
    if (list.number == 0)
        return field->is_needed ? decoder_refuse (self, STATUS_BAD_MESSAGE, "it is empty")
                                : STATUS_OK;

    size_t count = list.number, item_size = field_item_size (field);
    char *items = message_arena_take (self->kept, count * item_size);
    set_member (into, field->member, &items, sizeof (items));
    set_member (into, field->size_member, &count, sizeof (count));
    place->is_item = true;
    for (place->index = 0; place->index < count; place->index++) {
        status = read_value (self, field, items + place->index * item_size);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static status_t
read_field (decoder_t *self, place_t *place, void *into)
{
    const field_t *field = place->field;
    if (field->is_list)
        return read_list (self, place, into);
    if (field->kind != FIELD_JSON && field->kind != FIELD_BYTES)
        return read_value (self, field, (char *)into + field->member);

    item_t item;
    bool is_text = field->kind == FIELD_JSON;
    status_t status =
        is_text ? read_text (self, field, &item) : read_sized (self, field, ITEM_BYTES, &item);
    if (status)
        return status;
    size_t size = item.number;
    const void *bytes = item.bytes;
    if (is_text)
        bytes = message_arena_text (self->texts, item.bytes, size);
    set_member (into, field->member, &bytes, sizeof (bytes));
    set_member (into, field->size_member, &size, sizeof (size));
    return STATUS_OK;
}

//  ---- Maps

//  The field of this key; COUNT of them when it is unknown. Keys mostly come in the order of the
//  list, so the search begins where the last one ended.
static size_t
find_field (const record_t *record, size_t expected, const item_t *key)
{
    if (key->kind != ITEM_TEXT)
        return record->count;
    for (size_t i = 0; i < record->count; i++) {
        size_t index = expected + i < record->count ? expected + i : expected + i - record->count;
        const field_t *field = &record->fields [index];
        if (field->key_size == key->number && memcmp (field->key, key->bytes, key->number) == 0)
            return index;
    }
    return record->count;
}

//  Texts that do not come are "".
static void
set_empty (const record_t *record, void *into)
{
    const char *empty = "";
    for (size_t i = 0; i < record->count; i++) {
        const field_t *field = &record->fields [i];
        if (!field->is_list && (field->kind == FIELD_TEXT || field->kind == FIELD_JSON))
            set_member (into, field->member, &empty, sizeof (empty));
    }
}

static status_t
check_needed (decoder_t *self, const record_t *record, uint32_t seen)
{
    for (size_t i = 0; i < record->count; i++) {
        const field_t *field = &record->fields [i];
        if (field->is_needed && !(seen >> i & 1))
            return REFUSE (self, STATUS_BAD_MESSAGE, "`%s` is missing", field->key);
    }
    return STATUS_OK;
}

//  One pair of a map. seen: bits of the fields that came.
static status_t
read_pair (decoder_t *self, const record_t *record, size_t *expected, uint32_t *seen, void *into)
{
    item_t key;
    cursor_t start = self->cursor;
    if (!cursor_next (&self->cursor, &key))
        return decoder_cut (self);
    size_t index = find_field (record, *expected, &key);
    if (index == record->count) {
        self->cursor = start;  //  an unknown key may itself be a map
        return cursor_skip (&self->cursor) && cursor_skip (&self->cursor) ? STATUS_OK
                                                                          : decoder_cut (self);
    }
    if (*seen >> index & 1)
        return REFUSE (self, STATUS_BAD_MESSAGE, "`%s` comes twice", record->fields [index].key);
    *seen |= UINT32_C (1) << index;
    *expected = index + 1;

    place_t *place = &self->places [self->depth++];
    *place = (place_t){.field = &record->fields [index]};
    status_t status = read_field (self, place, into);
    if (status == STATUS_OK)
        self->depth--;  //  otherwise the place has been named
    return status;
}

static status_t
read_record (decoder_t *self, const record_t *record, void *into)
{
    item_t map;
    status_t status = read_item (self, ITEM_MAP, &map);
    if (status)
        return status;
    if (map.number > cursor_left (&self->cursor) / 2)
        return decoder_cut (self);  //  a member is two bytes at least
    if (map.number > MEMBERS_MOST)
        return REFUSE (self, STATUS_TOO_LARGE, "%llu members are too many; at most %d",
                       (unsigned long long)map.number, MEMBERS_MOST);
    set_empty (record, into);
    uint32_t seen = 0;
    size_t expected = 0;
    for (uint64_t i = 0; i < map.number; i++) {
        status = read_pair (self, record, &expected, &seen, into);
        if (status)
            return status;
    }
    return check_needed (self, record, seen);
}

//  ---- Messages

static status_t
check_targets (decoder_t *self, const message_t *message)
{
    for (size_t i = 0; i < message->delivery_count; i++) {
        if (message->deliveries [i].target >= message->target_count)
            return REFUSE (self, STATUS_BAD_MESSAGE,
                           "deliveries[%zu].target: there are %zu targets", i,
                           message->target_count);
    }
    return STATUS_OK;
}

//  A worker beats as often as it is told to; and nothing is more than done.
static status_t
check_bounds (decoder_t *self, const message_t *message)
{
    if (message->command == COMMAND_WELCOME &&
        (message->heartbeat_ms < HEARTBEAT_LEAST_MS || message->heartbeat_ms > HEARTBEAT_MOST_MS))
        return REFUSE (self, STATUS_BAD_MESSAGE, "heartbeat_ms: %lld, it is %d to %d",
                       (long long)message->heartbeat_ms, HEARTBEAT_LEAST_MS, HEARTBEAT_MOST_MS);
    if (message->percent > 100)
        return REFUSE (self, STATUS_BAD_MESSAGE, "percent: %d, it is 0 to 100", message->percent);
    return STATUS_OK;
}

static status_t
check_head (const uint8_t *head, size_t head_size, problem_t *problem)
{
    if (head_size != HEAD_SIZE)
        return problem_set (problem, STATUS_BAD_MESSAGE,
                            "a command frame has 2 bytes, version and command; this has %zu",
                            head_size);
    if (head [0] != WIRE_VERSION)
        return problem_set (
            problem, STATUS_BAD_MESSAGE,
            "this is version %u of the protocol, here version %d is spoken: run the same release on all nodes",
            head [0], WIRE_VERSION);
    if (!record_of_command (head [1]))
        return problem_set (problem, STATUS_BAD_MESSAGE,
                            "there is no command 0x%02x: see PROTOCOL.md", head [1]);
    return STATUS_OK;
}

static status_t
read_body (decoder_t *self, message_t *message)
{
    status_t status = read_record (self, record_of_command (message->command), message);
    if (status)
        return status;
    if (cursor_left (&self->cursor) > 0)
        return REFUSE (self, STATUS_BAD_MESSAGE, "%zu bytes follow after the map",
                       cursor_left (&self->cursor));
    status = check_bounds (self, message);
    return status ? status : check_targets (self, message);
}

status_t
message_decode (message_t *self, const uint8_t *head, size_t head_size, const uint8_t *body,
                size_t size, const limits_t *limits, problem_t *problem)
{
    *self = (message_t){0};
    status_t status = check_head (head, head_size, problem);
    if (status)
        return status;
    if (size > (size_t)limits->frame_bytes)
        return problem_set (
            problem, STATUS_TOO_LARGE, "%s: %zu bytes are more than limits/frame_bytes (%lld)",
            command_name ((command_t)head [1]), size, (long long)limits->frame_bytes);

    self->command = (command_t)head [1];
    self->arena = message_arena_new ();
    message_arena_t *scratch = message_arena_new ();
    decoder_t decoder = {
        .cursor = cursor_at (body, size),
        .limits = limits,
        .kept = self->arena,
        .scratch = scratch,
        .texts = self->arena,
        .command = command_name (self->command),
        .problem = problem,
    };
    status = read_body (&decoder, self);
    message_arena_destroy (&scratch);
    if (status)
        message_clear (self);
    return status;
}
