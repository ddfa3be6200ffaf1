#include "proto/model/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/model/utf8.h"

enum { SHOWN = 60 };

//  One segment, of a pattern or of a text; the separators are between them.
typedef struct {
    const char *start;
    size_t size;  //  bytes
    enum { LITERAL, ONE, ANY } kind;
} segment_t;

struct pattern {
    char *text;
    char separator;
    segment_t *segments;  //  into text
    size_t count;         //  at least 1: even "" has an empty one
};

static size_t
count_segments (const char *text, char separator)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == separator;
    return count;
}

//  The segment at `at`, and where the next one starts; NULL when it is the last.
static segment_t
segment_at (const char *at, char separator, const char **next)
{
    const char *end = strchrnul (at, separator);
    *next = *end ? end + 1 : NULL;
    return (segment_t){.start = at, .size = (size_t)(end - at)};
}

static bool
is_letter (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool
has_other_than_letters (const segment_t *segment)
{
    for (size_t i = 0; i < segment->size; i++)
        if (!is_letter (segment->start [i]))
            return true;
    return false;
}

static void
find_kind (segment_t *segment)
{
    if (segment->size == 1 && segment->start [0] == '*')
        segment->kind = ONE;
    else if (segment->size == 2 && memcmp (segment->start, "**", 2) == 0)
        segment->kind = ANY;
}

static status_t
check_segment (const segment_t *segment, const pattern_t *self, const char *name,
               problem_t *problem)
{
    int shown = segment->size < SHOWN ? (int)segment->size : SHOWN;
    if (segment->kind == LITERAL && memchr (segment->start, '*', segment->size))
        return problem_at (problem, STATUS_BAD_MATCH, name,
                           "%s: \"%.*s\": * stands for a whole segment, ** for any number of them",
                           name, shown, segment->start);
    if (self->separator != '.' || segment->kind != LITERAL)
        return STATUS_OK;
    if (segment->size == 0)
        return problem_at (problem, STATUS_BAD_MATCH, name,
                           "%s: \"%.*s\": a segment is empty; no type has such a one", name, SHOWN,
                           self->text);
    if (has_other_than_letters (segment))
        return problem_at (problem, STATUS_BAD_MATCH, name,
                           "%s: \"%.*s\": a type has only A-Z, a-z, 0-9, _ and - between its dots",
                           name, shown, segment->start);
    return STATUS_OK;
}

pattern_t *
pattern_new (const char *text, char separator, const char *name, problem_t *problem)
{
    if (!utf8_is_text (text, strlen (text))) {
        problem_at (problem, STATUS_BAD_MATCH, name,
                    "%s: it has a control character, or bytes that are not UTF-8", name);
        return NULL;
    }
    OWNED (pattern) pattern_t *self = ALLOCATE (pattern_t);
    self->text = allocate_copy (text);
    self->separator = separator;
    self->count = count_segments (text, separator);
    self->segments = allocate (self->count, sizeof (*self->segments));

    const char *at = self->text;
    for (size_t i = 0; i < self->count; i++) {
        self->segments [i] = segment_at (at, separator, &at);
        find_kind (&self->segments [i]);
        if (check_segment (&self->segments [i], self, name, problem) != STATUS_OK)
            return NULL;
    }
    return TAKE (self);
}

void
pattern_destroy (pattern_t **self_p)
{
    pattern_t *self = *self_p;
    if (!self)
        return;
    free (self->segments);
    free (self->text);
    free (self);
    *self_p = NULL;
}

static bool
segment_fits (const segment_t *pattern, const segment_t *segment)
{
    return pattern->kind == ONE || (pattern->size == segment->size &&
                                    memcmp (pattern->start, segment->start, segment->size) == 0);
}

/*  The known way with one wildcard of any length: when something does not fit, the last ** takes one
 *  segment more. To go back to an earlier ** is never needed: what lay between the two was found as
 *  early as it can be.
 */
bool
pattern_matches (const pattern_t *self, const char *text)
{
    const char *at = text;
    size_t i = 0;
    size_t after_any = 0;         //  the segment after the last **; 0 before there is one
    const char *retry_at = NULL;  //  where the text goes on if that ** takes one segment more
    while (at) {
        const char *next;
        segment_t segment = segment_at (at, self->separator, &next);
        if (i < self->count && self->segments [i].kind == ANY) {
            after_any = ++i;
            retry_at = next;
        }
        else if (i < self->count && segment_fits (&self->segments [i], &segment)) {
            i++;
            at = next;
        }
        else if (after_any) {
            i = after_any;
            at = retry_at;
            if (at)
                segment_at (at, self->separator, &retry_at);
        }
        else
            return false;
    }
    while (i < self->count && self->segments [i].kind == ANY)
        i++;
    return i == self->count;
}

bool
pattern_is_literal (const pattern_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->segments [i].kind != LITERAL)
            return false;
    return true;
}

const char *
pattern_text (const pattern_t *self)
{
    return self->text;
}

size_t
pattern_literal_bytes (const pattern_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const segment_t *segment = &self->segments [i];
        size_t before = (size_t)(segment->start - self->text);
        if (segment->kind == ONE)
            return before;
        if (segment->kind == ANY)
            return before > 0 ? before - 1 : 0;  //  a.** matches a, where no separator follows
    }
    return strlen (self->text);
}
