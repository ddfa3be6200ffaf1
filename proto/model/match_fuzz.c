/*  match: any `match` and any data, a zero byte between them; each is understood or refused with a
 *  sentence, and asked twice answers the same.
 */
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/match.h"
#include "proto/model/owned_json.h"
#include "proto/model/utf8.h"

static void
ask (const match_t *match, const uint8_t *data, size_t size)
{
    OWNED (event)
    event_t *event = event_new (&(event_t){.type = "kinto.record.update",
                                           .subject = "/buckets/a/collections/b",
                                           .data = data,
                                           .data_size = size});
    match_data_t asked = {.event = event};
    match_answer_t answer = match_asks (match, &asked);
    ASSERT (answer == match_asks (match, &asked), "that the data was parsed changes no answer");
    ASSERT (answer != MATCH_NO_DATA || match_wants_data (match), "who asks nothing is not refused");
    ASSERT (answer == MATCH_YES || match_type (match) || match_subject (match) ||
                match_wants_data (match) || answer == MATCH_NO_PHASE,
            "only what was asked can say no");
    problem_t why = {0};
    ASSERT (match_explain (match, &asked, &why) == answer, "who explains does not judge anew");
    ASSERT ((answer == MATCH_YES) == !why.text [0], "every no has its sentence");
    ASSERT (utf8_is_text (why.text, strlen (why.text)) &&
                utf8_is_text (why.name, strlen (why.name)),
            "a sentence goes out as JSON");
    match_data_clear (&asked);
}

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 0 ? memchr (bytes, 0, size) : NULL;
    size_t match_size = end ? (size_t)(end - bytes) : size;
    OWNED (json)
    json_t *json =
        json_loadb ((const char *)bytes, match_size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!json)
        return 0;
    limits_t limits = limits_default ();
    problem_t problem = {0};
    OWNED (match) match_t *match = match_new (json, &limits, &problem);
    ASSERT (match || (problem.status == STATUS_BAD_MATCH && problem.text [0] && problem.name [0]),
            "who is refused is told where and why");
    ASSERT (utf8_is_text (problem.text, strlen (problem.text)) &&
                utf8_is_text (problem.name, strlen (problem.name)),
            "a sentence goes out as JSON");
    if (match)
        ask (match, end ? end + 1 : NULL, end ? size - match_size - 1 : 0);
    return 0;
}
