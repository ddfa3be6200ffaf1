#include "gateway/json_scan.h"

#include <endian.h>
#include <string.h>

#include "gateway/json_text.h"
#include "proto/model/assert.h"
#include "proto/model/utf8.h"

//  What ends a run of plain characters in a string: quote, backslash, control, and what is not ASCII.
static inline bool
ends_plain (char character)
{
    return character == '"' || character == '\\' ||
           (unsigned char)(character - 0x20) >= 0x60;  //  below 0x20 it wraps around
}

#define EACH UINT64_C (0x0101010101010101)  //  times a byte: eight of them

//  The high bit of each byte that is 0. Above one, bytes of 1 are taken for it: the lowest is right.
static inline uint64_t
zeros (uint64_t bytes)
{
    return (bytes - EACH) & ~bytes & EACH * 0x80;
}

/*  To the end of a run of plain characters, eight at a time as long as so many are left. See "Bit
 *  Twiddling Hacks" (Anderson, Stanford), "Determine if a word has a byte less than n".
 */
static inline const char *
skip_plain (const char *at, const char *end)
{
    while (end - at >= (ptrdiff_t)sizeof (uint64_t)) {
        uint64_t bytes;
        memcpy (&bytes, at, sizeof (bytes));
        bytes = le64toh (bytes);
        uint64_t controls = (bytes - EACH * 0x20) & ~bytes & EACH * 0x80;
        uint64_t ends = zeros (bytes ^ EACH * '"') | zeros (bytes ^ EACH * '\\') | controls |
                        (bytes & EACH * 0x80);
        if (ends)
            return at + __builtin_ctzll (ends) / 8;
        at += sizeof (bytes);
    }
    while (!ends_plain (*at))
        at++;
    return at;
}

static bool
json_scan_stop (json_scan_t *self, const char *at, const char *wrong)
{
    if (!self->wrong_at) {
        self->wrong_at = at;
        self->wrong = wrong;
    }
    return false;
}

//  At a byte that does not belong there. The zero at the end of the text is no byte of it.
static bool
json_scan_stop_here (json_scan_t *self, const char *wrong)
{
    return json_scan_stop (self, self->at,
                           self->at == self->end ? "the text ends too early" : wrong);
}

void
json_scan_start (json_scan_t *self, const char *bytes, size_t size, int64_t depth_most)
{
    ASSERT (bytes [size] == 0, "the scan looks one byte ahead");
    ASSERT (depth_most <= JSON_DEPTH_MOST, "a skip recurses, and stacks are small");
    self->start = self->at = bytes;
    self->end = bytes + size;
    self->depth = 0;
    self->depth_most = (int)depth_most;
    self->is_first = false;
    self->wrong_at = self->wrong = NULL;
    json_names_clear (&self->names);
}

void
json_scan_free (json_scan_t *self)
{
    json_names_free (&self->names);
    *self = (json_scan_t){0};
}

static void
json_scan_blanks (json_scan_t *self)
{
    while (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t')
        self->at++;
}

json_kind_t
json_scan_kind (json_scan_t *self)
{
    json_scan_blanks (self);
    switch (*self->at) {
        case '{': return KIND_OBJECT;
        case '[': return KIND_ARRAY;
        case '"': return KIND_STRING;
        case 't':
        case 'f': return KIND_BOOLEAN;
        case 'n': return KIND_NULL;
        default:
            return *self->at == '-' || (*self->at >= '0' && *self->at <= '9') ? KIND_NUMBER
                                                                              : KIND_NONE;
    }
}

const char *
json_kind_name (json_kind_t kind)
{
    static const char *const names [] = {"nothing",  "an object", "an array", "a string",
                                         "a number", "a boolean", "null"};
    return names [kind];
}

static bool
json_scan_enter (json_scan_t *self)
{
    if (self->depth == self->depth_most)
        return json_scan_stop (self, self->at, "it is nested deeper than limits/json_depth");
    self->depth++;
    self->at++;
    self->is_first = true;
    return true;
}

bool
json_scan_enter_object (json_scan_t *self)
{
    if (self->wrong_at)
        return false;
    if (json_scan_kind (self) != KIND_OBJECT)
        return json_scan_stop_here (self, "an object is expected");
    if (!json_scan_enter (self))
        return false;
    json_names_open (&self->names);
    return true;
}

bool
json_scan_enter_array (json_scan_t *self)
{
    if (self->wrong_at)
        return false;
    if (json_scan_kind (self) != KIND_ARRAY)
        return json_scan_stop_here (self, "an array is expected");
    return json_scan_enter (self);
}

static bool
json_scan_leave (json_scan_t *self)
{
    self->at++;
    self->depth--;
    self->is_first = false;
    return false;
}

static bool
is_hex4 (const char *at)
{
    for (int i = 0; i < 4; i++)
        if (!((at [i] >= '0' && at [i] <= '9') ||
              ((at [i] | 0x20) >= 'a' && (at [i] | 0x20) <= 'f')))
            return false;
    return true;
}

//  Bytes of the escape at a backslash; 0 when it is none.
static size_t
escape_length (const char *at)
{
    if (at [1] != 'u')
        return at [1] != 0 && strchr ("\"\\/bfnrt", at [1]) ? 2 : 0;
    if (!is_hex4 (at + 2))
        return 0;
    unsigned character = json_text_hex4 (at + 2);
    if (character < 0xd800 || character > 0xdfff)
        return 6;
    if (character > 0xdbff || at [6] != '\\' || at [7] != 'u' || !is_hex4 (at + 8))
        return 0;
    unsigned other = json_text_hex4 (at + 8);
    return other >= 0xdc00 && other <= 0xdfff ? 12 : 0;
}

//  What is in the quotes, as it stands.
static bool
json_scan_string (json_scan_t *self, json_span_t *raw, bool *has_escapes)
{
    const char *at = self->at + 1;
    *has_escapes = false;
    for (;;) {
        at = skip_plain (at, self->end);
        if (*at == '"')
            break;
        if (*at == '\\') {
            size_t length = escape_length (at);
            if (length == 0)
                return json_scan_stop (self, at, "this is no escape, or half a surrogate pair");
            at += length;
            *has_escapes = true;
        }
        else if ((unsigned char)*at >= 0x80) {
            size_t length = utf8_character (at, (size_t)(self->end - at));
            if (length == 0)
                return json_scan_stop (self, at, "this is not UTF-8");
            at += length;
        }
        else {
            return json_scan_stop (self, at,
                                   at == self->end ? "the text ends in a string"
                                                   : "a control character in a string: escape it");
        }
    }
    *raw = (json_span_t){self->at + 1, (size_t)(at - self->at - 1)};
    self->at = at + 1;
    self->is_first = false;
    return true;
}

//  Past the comma that comes between two, unless it is the first.
static bool
json_scan_comma (json_scan_t *self, const char *missing)
{
    if (!self->is_first) {
        if (*self->at != ',')
            return json_scan_stop_here (self, missing);
        self->at++;
        json_scan_blanks (self);
    }
    return true;
}

bool
json_scan_member (json_scan_t *self, json_span_t *name)
{
    if (self->wrong_at)
        return false;
    json_scan_blanks (self);
    if (*self->at == '}') {
        const char *twin = json_names_close (&self->names);
        if (twin)
            return json_scan_stop (self, twin, "this name comes twice in its object");
        return json_scan_leave (self);
    }
    if (!json_scan_comma (self, "a comma or a closing brace is expected"))
        return false;
    if (*self->at != '"')
        return json_scan_stop_here (self, "a name in quotes is expected");
    const char *place = self->at;
    bool has_escapes;
    if (!json_scan_string (self, name, &has_escapes))
        return false;
    if (!json_names_add (&self->names, name->at, name->size, has_escapes))
        return json_scan_stop (self, place, "this name comes twice in its object");
    json_scan_blanks (self);
    if (*self->at != ':')
        return json_scan_stop_here (self, "a colon is expected");
    self->at++;
    return true;
}

bool
json_scan_element (json_scan_t *self)
{
    if (self->wrong_at)
        return false;
    json_scan_blanks (self);
    if (*self->at == ']')
        return json_scan_leave (self);
    return json_scan_comma (self, "a comma or a closing bracket is expected");
}

static const char *
digits_end (const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

//  Behind the number that begins here, NULL when it is none. A whole one has no dot and no exponent.
static const char *
number_end (const char *at, bool *is_whole)
{
    const char *digits = at + (*at == '-');
    const char *end = digits_end (digits);
    if (end == digits || (*digits == '0' && end > digits + 1))
        return NULL;
    *is_whole = true;
    if (*end == '.') {
        *is_whole = false;
        digits = end + 1;
        end = digits_end (digits);
        if (end == digits)
            return NULL;
    }
    if (*end == 'e' || *end == 'E') {
        *is_whole = false;
        digits = end + 1;
        digits += *digits == '+' || *digits == '-';
        end = digits_end (digits);
        if (end == digits)
            return NULL;
    }
    return end;
}

static bool
json_scan_number (json_scan_t *self)
{
    bool is_whole;
    const char *end = number_end (self->at, &is_whole);
    if (!end)
        return json_scan_stop_here (self, "this is no number");
    self->at = end;
    self->is_first = false;
    return true;
}

static bool
json_scan_word (json_scan_t *self, const char *word)
{
    size_t size = strlen (word);
    if (strncmp (self->at, word, size) != 0)
        return json_scan_stop_here (self, "this is no value: only true, false and null are words");
    self->at += size;
    self->is_first = false;
    return true;
}

static bool json_scan_value (json_scan_t *self);

static bool
json_scan_object (json_scan_t *self)
{
    json_span_t name;
    if (!json_scan_enter_object (self))
        return false;
    while (json_scan_member (self, &name))
        if (!json_scan_value (self))
            return false;
    return !self->wrong_at;
}

static bool
json_scan_array (json_scan_t *self)
{
    if (!json_scan_enter_array (self))
        return false;
    while (json_scan_element (self))
        if (!json_scan_value (self))
            return false;
    return !self->wrong_at;
}

static bool
json_scan_value (json_scan_t *self)
{
    json_span_t raw;
    bool has_escapes;
    switch (json_scan_kind (self)) {
        case KIND_OBJECT: return json_scan_object (self);
        case KIND_ARRAY: return json_scan_array (self);
        case KIND_STRING: return json_scan_string (self, &raw, &has_escapes);
        case KIND_NUMBER: return json_scan_number (self);
        case KIND_BOOLEAN: return json_scan_word (self, *self->at == 't' ? "true" : "false");
        case KIND_NULL: return json_scan_word (self, "null");
        case KIND_NONE: break;
    }
    return json_scan_stop_here (self, "a value is expected");
}

bool
json_scan_skip (json_scan_t *self, json_span_t *value)
{
    if (self->wrong_at)
        return false;
    json_scan_blanks (self);
    const char *at = self->at;
    if (!json_scan_value (self))
        return false;
    *value = (json_span_t){at, (size_t)(self->at - at)};
    return true;
}

const char *
json_scan_text (json_scan_t *self, char **room)
{
    json_span_t raw;
    bool has_escapes;
    if (self->wrong_at)
        return NULL;
    if (json_scan_kind (self) != KIND_STRING) {
        json_scan_stop_here (self, "a string is expected");
        return NULL;
    }
    if (!json_scan_string (self, &raw, &has_escapes))
        return NULL;
    char *text = *room;
    size_t size = raw.size;
    if (has_escapes)
        size = json_text_decode (raw.at, raw.size, text);
    else
        memcpy (text, raw.at, raw.size);
    if (memchr (text, 0, size)) {
        json_scan_stop (self, raw.at, "\\u0000 is not taken here");
        return NULL;
    }
    text [size] = 0;
    *room = text + size + 1;
    return text;
}

bool
json_scan_integer (json_scan_t *self, int64_t *number)
{
    bool is_whole = false;
    if (self->wrong_at || json_scan_kind (self) != KIND_NUMBER)
        return false;
    const char *end = number_end (self->at, &is_whole);
    if (!end || !is_whole)
        return false;
    bool is_negative = *self->at == '-';
    int64_t value = 0;
    for (const char *at = self->at + is_negative; at < end; at++)
        if (__builtin_mul_overflow (value, 10, &value) ||
            __builtin_sub_overflow (value, *at - '0', &value))
            return false;  //  counted downwards, since there is one negative number more
    if (!is_negative && __builtin_sub_overflow (0, value, &value))
        return false;
    *number = value;
    self->at = end;
    self->is_first = false;
    return true;
}

status_t
json_scan_status (const json_scan_t *self, problem_t *problem)
{
    if (!self->wrong_at)
        return STATUS_OK;
    int line = 1, column = 1;
    for (const char *at = self->start; at < self->wrong_at; at++) {
        if (*at == '\n') {
            line++;
            column = 1;
        }
        else if (((unsigned char)*at & 0xc0) != 0x80) {
            column++;
        }
    }
    return problem_set (problem, STATUS_BAD_JSON, "line %d, column %d: %s", line, column,
                        self->wrong);
}

status_t
json_scan_end (json_scan_t *self, problem_t *problem)
{
    if (!self->wrong_at) {
        json_scan_blanks (self);
        if (self->at != self->end)
            json_scan_stop (self, self->at, "the text goes on after its value");
    }
    return json_scan_status (self, problem);
}

bool
json_span_is (json_span_t span, const char *text)
{
    return strlen (text) == span.size && memcmp (span.at, text, span.size) == 0;
}
