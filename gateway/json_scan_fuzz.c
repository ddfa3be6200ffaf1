/*  json_scan: any bytes; and where our rules and jansson's agree, so must the answers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/json_scan.h"
#include "proto/model/assert.h"

enum { DEPTH = 64 };

static bool
scan_takes (const char *bytes, size_t size, json_span_t *value)
{
    static json_scan_t scan;
    json_scan_start (&scan, bytes, size, DEPTH);
    json_scan_skip (&scan, value);
    problem_t problem = {0};
    status_t status = json_scan_end (&scan, &problem);
    ASSERT (status == STATUS_OK || (problem.status == STATUS_BAD_JSON && problem.text [0]),
            "who is refused is told where");
    return status == STATUS_OK;
}

static size_t
depth_of (const char *bytes, size_t size)
{
    size_t depth = 0, deepest = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes [i] == '[' || bytes [i] == '{')
            depth++;
        if ((bytes [i] == ']' || bytes [i] == '}') && depth > 0)
            depth--;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

//  jansson has limits of its own: numbers must fit, names have no zero; and it knows no DEPTH. A zero
//  byte behind a number it overlooks (2.14).
static bool
jansson_may_differ (const char *bytes, size_t size, const json_error_t *error)
{
    enum json_error_code code = json_error_code (error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_stack_overflow || depth_of (bytes, size) > DEPTH;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *bytes = malloc (size + 1);
    if (size > 0)
        memcpy (bytes, data, size);
    bytes [size] = 0;
    json_span_t value = {0};
    bool is_taken = scan_takes (bytes, size, &value);
    ASSERT (!is_taken || value.size <= size, "a span lies in the text");

    json_error_t error = {0};
    json_t *parsed =
        json_loadb (bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    ASSERT (is_taken == (parsed != NULL) || (!is_taken && memchr (bytes, 0, size)) ||
                (!parsed && jansson_may_differ (bytes, size, &error)) ||
                (parsed && depth_of (bytes, size) > DEPTH),
            "two strict parsers say the same");
    json_decref (parsed);
    free (bytes);
    return 0;
}
