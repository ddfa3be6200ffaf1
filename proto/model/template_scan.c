#include "proto/model/template_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/model/json_pointer.h"

enum { SLOT_SHOWN = 40 };

static const char *const names [ATTRIBUTES] = {
    [ATTRIBUTE_ID] = "id",
    [ATTRIBUTE_SOURCE] = "source",
    [ATTRIBUTE_TYPE] = "type",
    [ATTRIBUTE_SUBJECT] = "subject",
    [ATTRIBUTE_KEY] = "key",
    [ATTRIBUTE_TIME] = "time",
    [ATTRIBUTE_PHASE] = "phase",
    [ATTRIBUTE_CONTENT_TYPE] = "content_type",
    [ATTRIBUTE_PARTITION] = "partition",
    [ATTRIBUTE_SEQ] = "seq",
    [ATTRIBUTE_CAUSATION] = "causation",
    [ATTRIBUTE_ROOT] = "root",
    [ATTRIBUTE_VIA] = "via",
    [ATTRIBUTE_HOPS] = "hops",
    [ATTRIBUTE_SUBSCRIPTION] = "subscription",
};

static const char known [] =
    "id, source, type, subject, key, time, phase, content_type, partition, "
    "seq, causation, root, via, hops, subscription, or a place in the data as in "
    "{/new/title}";

static status_t __attribute__ ((format (printf, 4, 5)))
refuse (const template_scan_t *scan, const char *from, problem_t *problem, const char *format, ...)
{
    char sentence [240];
    va_list values;
    va_start (values, format);
    vsnprintf (sentence, sizeof sentence, format, values);
    va_end (values);
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, scan->where->at, "%s: at byte %zu: %s",
                       scan->where->at, (size_t)(from - scan->text), sentence);
}

static bool
find_attribute (const char *name, size_t size, template_attribute_t *attribute)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (strlen (names [i]) == size && memcmp (names [i], name, size) == 0) {
            *attribute = (template_attribute_t)i;
            return true;
        }
    return false;
}

static bool
is_word (const char *word, const char *name, size_t size)
{
    return strlen (word) == size && memcmp (word, name, size) == 0;
}

//  What a slot names: an attribute, or where in data or result.
static status_t
read_name (const template_scan_t *scan, const char *name, const char *end, template_piece_t *slot,
           problem_t *problem)
{
    const char *slash = memchr (name, '/', (size_t)(end - name));
    slot->pointer = slash ? slash : end;
    slot->pointer_size = (size_t)(end - slot->pointer);
    size_t size = (size_t)(slot->pointer - name);
    bool has_result = scan->where->has_result && is_word ("result", name, size);
    if ((size == 0 && slash) || has_result || is_word ("data", name, size))
        slot->root = has_result ? ROOT_RESULT : ROOT_DATA;
    else if (slash || !find_attribute (name, size, &slot->attribute))
        return refuse (scan, slot->start, problem, "\"%.*s\" is nothing an event has; there are %s",
                       size < SLOT_SHOWN ? (int)size : SLOT_SHOWN, name, known);
    if (!json_pointer_is_good (slot->pointer, slot->pointer_size))
        return refuse (scan, slot->start, problem,
                       "\"%.*s\" is no JSON Pointer; ~ is written ~0, and / in a name ~1",
                       slot->pointer_size < SLOT_SHOWN ? (int)slot->pointer_size : SLOT_SHOWN,
                       slot->pointer);
    return STATUS_OK;
}

static status_t
read_slot (template_scan_t *scan, template_piece_t *slot, problem_t *problem)
{
    const char *name = slot->start + 1;
    const char *end = name + strcspn (name, "{}");
    if (*end != '}')
        return refuse (scan, slot->start, problem,
                       "a { without its }; for the character itself write {{");
    slot->is_slot = true;
    slot->size = (size_t)(end + 1 - slot->start);
    scan->at = end + 1;
    if (*name == '+') {
        if (scan->where->place != TEMPLATE_URL && scan->where->place != TEMPLATE_PATH)
            return refuse (scan, slot->start, problem, "{+…} is for URLs; leave out the +");
        slot->keeps_slashes = true;
        name++;
    }
    const char *bar = memchr (name, '|', (size_t)(end - name));
    if (bar) {
        slot->standard = bar + 1;
        slot->standard_size = (size_t)(end - slot->standard);
        end = bar;
    }
    return read_name (scan, name, end, slot, problem);
}

status_t
template_next (template_scan_t *scan, template_piece_t *piece, problem_t *problem)
{
    const char *start = scan->at;
    *piece = (template_piece_t){.start = start, .size = strcspn (start, "{}")};
    if (piece->size > 0 || !*start) {
        scan->at += piece->size;
        return STATUS_OK;
    }
    if (start [0] == start [1]) {
        piece->size = 1;
        scan->at += 2;
        return STATUS_OK;
    }
    if (*start == '}')
        return refuse (scan, start, problem,
                       "a } that ends nothing; for the character itself write }}");
    return read_slot (scan, piece, problem);
}

bool
template_is_one_slot (const char *text, template_piece_t *piece)
{
    static const template_where_t where = {.place = TEMPLATE_TEXT, .has_result = true, .at = ""};
    template_scan_t scan = {.text = text, .at = text, .where = &where};
    return template_next (&scan, piece, NULL) == STATUS_OK && piece->is_slot && !*scan.at;
}
