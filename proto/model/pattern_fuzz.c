/*  pattern: any pattern and any text, a zero byte between them; what it says of them is what its
 *  definition says.
 */
#include <stdint.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/model/pattern.h"

enum { SEGMENTS = 64 };

typedef struct {
    const char *start [SEGMENTS];
    size_t size [SEGMENTS];
    size_t count;
} segments_t;

static bool
split (segments_t *segments, const char *text, char separator)
{
    segments->count = 0;
    for (const char *at = text; at;) {
        if (segments->count == SEGMENTS)
            return false;
        const char *end = strchrnul (at, separator);
        segments->start [segments->count] = at;
        segments->size [segments->count++] = (size_t)(end - at);
        at = *end ? end + 1 : NULL;
    }
    return true;
}

static bool
is_word (const segments_t *segments, size_t i, const char *word, size_t size)
{
    return segments->size [i] == size && memcmp (segments->start [i], word, size) == 0;
}

//  fits [k]: whether the pattern from segment i on fits the text from segment k on.
static bool
fits_by_definition (const segments_t *pattern, const segments_t *text)
{
    bool fits [SEGMENTS + 1] = {false}, after [SEGMENTS + 1];
    fits [text->count] = true;
    for (size_t i = pattern->count; i-- > 0;) {
        memcpy (after, fits, sizeof (after));
        bool is_any = is_word (pattern, i, "**", 2), is_one = is_word (pattern, i, "*", 1);
        fits [text->count] = is_any && after [text->count];
        for (size_t k = text->count; k-- > 0;)
            fits [k] = is_any
                           ? after [k] || fits [k + 1]
                           : after [k + 1] &&
                                 (is_one || is_word (pattern, i, text->start [k], text->size [k]));
    }
    return fits [0];
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    OWNED (text) char *both = allocate (size + 2, 1);
    if (size > 0)
        memcpy (both, data, size);
    const char *text = both + strlen (both) + 1;
    char separator = size % 2 ? '.' : '/';

    problem_t problem = {0};
    OWNED (pattern) pattern_t *pattern = pattern_new (both, separator, "match.type", &problem);
    ASSERT (pattern || (problem.status == STATUS_BAD_MATCH && problem.text [0]),
            "who is refused is told why");
    segments_t ours, theirs;
    if (!pattern || !split (&ours, both, separator) || !split (&theirs, text, separator))
        return 0;
    bool matches = pattern_matches (pattern, text);
    ASSERT (matches == fits_by_definition (&ours, &theirs), "thrift changes no answer");
    ASSERT (!matches || strncmp (text, both, pattern_literal_bytes (pattern)) == 0,
            "the core looks for subscriptions under their literal start");
    return 0;
}
