#include "proto/model/template_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/json_pointer.h"

enum { ROOM_AT_FIRST = 256, NUMBER_SIZE = 40, DIGITS_LEAST = 15, DIGITS_MOST = 17 };

void
template_text_add (template_text_t *self, const char *bytes, size_t size)
{
    self->is_over |= size > self->most - self->used;
    if (self->is_over)
        return;
    if (self->room - self->used < size + 1) {
        self->room = self->room ? self->room : ROOM_AT_FIRST;
        while (self->room - self->used < size + 1)
            self->room *= 2;
        self->bytes = allocate_again (self->bytes, self->room, 1);
    }
    if (size > 0)
        memcpy (self->bytes + self->used, bytes, size);
    self->used += size;
    self->bytes [self->used] = '\0';
}

//  ---- escaping

//  What RFC 3986 calls unreserved.
static bool
is_unreserved (char letter)
{
    static const char letters [] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    return letter && strchr (letters, letter);
}

static void
add_for_url (template_text_t *text, char letter, bool keeps_slashes)
{
    char escaped [4];
    if (is_unreserved (letter) || (keeps_slashes && letter == '/'))
        template_text_add (text, &letter, 1);
    else {
        snprintf (escaped, sizeof escaped, "%%%02X", (unsigned)(unsigned char)letter);
        template_text_add (text, escaped, 3);
    }
}

static void
add_for_header (template_text_t *text, char letter)
{
    bool is_control = (unsigned char)letter < ' ' || letter == 0x7f;
    template_text_add (text, is_control ? " " : &letter, 1);
}

static void
add_for_json (template_text_t *text, char letter)
{
    char escaped [8];
    if ((unsigned char)letter >= ' ' && letter != '"' && letter != '\\') {
        template_text_add (text, &letter, 1);
        return;
    }
    int size = letter == '"' || letter == '\\'
                   ? snprintf (escaped, sizeof escaped, "\\%c", letter)
                   : snprintf (escaped, sizeof escaped, "\\u%04x", (unsigned)letter);
    template_text_add (text, escaped, (size_t)size);
}

static void
add_escaped (template_text_t *text, const char *bytes, size_t size, const template_piece_t *slot,
             template_place_t place)
{
    if (place == TEMPLATE_TEXT) {
        template_text_add (text, bytes, size);
        return;
    }
    for (size_t i = 0; i < size && !text->is_over; i++)
        switch (place) {
            case TEMPLATE_FORM:
            case TEMPLATE_PATH:
            case TEMPLATE_URL: add_for_url (text, bytes [i], slot->keeps_slashes); break;
            case TEMPLATE_HEADER: add_for_header (text, bytes [i]); break;
            case TEMPLATE_JSON: add_for_json (text, bytes [i]); break;
            case TEMPLATE_TEXT: break;
        }
}

//  ---- values

//  The shortest of those that read back as the same; a double needs 17 digits at most.
static void
write_real (double real, char number [NUMBER_SIZE])
{
    for (int digits = DIGITS_LEAST; digits <= DIGITS_MOST; digits++) {
        snprintf (number, NUMBER_SIZE, "%.*g", digits, real);
        if (strtod (number, NULL) >= real && strtod (number, NULL) <= real)
            return;
    }
}

static void
write_json (template_text_t *text, const json_t *value, const template_piece_t *slot,
            template_place_t place)
{
    char number [NUMBER_SIZE];
    if (json_is_string (value)) {
        add_escaped (text, json_string_value (value), json_string_length (value), slot, place);
        return;
    }
    if (json_is_real (value)) {
        write_real (json_real_value (value), number);
        add_escaped (text, number, strlen (number), slot, place);
        return;
    }
    //  One that alone is more than there may be is not written out first.
    size_t size = json_dumpb (value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    text->is_over |= size > text->most;
    if (text->is_over)
        return;
    char *json = json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY);
    add_escaped (text, json ? json : "", json ? strlen (json) : 0, slot, place);
    free (json);
}

static const char *
attribute_text (template_attribute_t attribute, const template_facts_t *facts)
{
    const event_t *event = facts->data.event;
    switch (attribute) {
        case ATTRIBUTE_ID: return event->id;
        case ATTRIBUTE_SOURCE: return event->source;
        case ATTRIBUTE_TYPE: return event->type;
        case ATTRIBUTE_SUBJECT: return event->subject;
        case ATTRIBUTE_KEY: return event->key;
        case ATTRIBUTE_TIME: return event->time;
        case ATTRIBUTE_PHASE: return event->phase == PHASE_PRE ? "pre" : "post";
        case ATTRIBUTE_CONTENT_TYPE: return event->content_type;
        case ATTRIBUTE_SUBSCRIPTION: return facts->subscription ? facts->subscription : "";
        case ATTRIBUTE_CAUSATION: return event->causation;
        case ATTRIBUTE_ROOT: return *event->root ? event->root : event->id;
        case ATTRIBUTE_VIA: return event->via;
        case ATTRIBUTE_PARTITION:
        case ATTRIBUTE_SEQ:
        case ATTRIBUTE_HOPS:
        case ATTRIBUTES: break;
    }
    return "";
}

bool
template_number (const template_piece_t *slot, const template_facts_t *facts, int64_t *number)
{
    const event_t *event = facts->data.event;
    if (slot->root != ROOT_ATTRIBUTE)
        return false;
    if (slot->attribute == ATTRIBUTE_SEQ)
        *number = event->seq;
    else if (slot->attribute == ATTRIBUTE_PARTITION)
        *number = event->partition;
    else if (slot->attribute == ATTRIBUTE_HOPS)
        *number = event->hops;
    else
        return false;
    return true;
}

const json_t *
template_find (const template_piece_t *slot, template_facts_t *facts)
{
    switch (slot->root) {
        case ROOT_DATA:
            return json_pointer_get (match_data_json (&facts->data), slot->pointer,
                                     slot->pointer_size);
        case ROOT_RESULT:
            return json_pointer_get (facts->result, slot->pointer, slot->pointer_size);
        case ROOT_ATTRIBUTE: break;
    }
    return NULL;
}

void
template_write (template_text_t *text, const template_piece_t *slot, template_place_t place,
                template_facts_t *facts)
{
    int64_t number;
    char digits [NUMBER_SIZE];
    const char *attribute =
        slot->root == ROOT_ATTRIBUTE ? attribute_text (slot->attribute, facts) : "";
    if (template_number (slot, facts, &number)) {
        snprintf (digits, sizeof digits, "%" PRId64, number);
        attribute = digits;
    }
    const json_t *value = template_find (slot, facts);
    if (*attribute)
        add_escaped (text, attribute, strlen (attribute), slot, place);
    else if (value && !json_is_null (value))
        write_json (text, value, slot, place);
    else if (slot->standard)
        add_escaped (text, slot->standard, slot->standard_size, slot, place);
}
