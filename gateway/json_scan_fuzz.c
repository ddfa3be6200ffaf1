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

//  Arrays and objects within one another; of a scalar 0.
static size_t
depth_of (const json_t *value)
{
    size_t deepest = 0, index;
    const char *name;
    json_t *member;
    if (!json_is_array (value) && !json_is_object (value))
        return 0;
    json_array_foreach (value, index, member)
    {
        size_t depth = depth_of (member);
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach ((json_t *)value, name, member)
    {
        size_t depth = depth_of (member);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

//  jansson has limits of its own: numbers must fit, names have no zero, and another depth.
static bool
jansson_may_differ (const json_error_t *error)
{
    enum json_error_code code = json_error_code (error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_stack_overflow;
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
    //  A zero byte behind a number it overlooks (2.14); and it knows no DEPTH.
    bool has_zero = memchr (bytes, 0, size) != NULL;
    if (is_taken)
        ASSERT (parsed || jansson_may_differ (&error), "two strict parsers take the same");
    else
        ASSERT (!parsed || has_zero || depth_of (parsed) > DEPTH,
                "two strict parsers refuse the same");
    json_decref (parsed);
    free (bytes);
    return 0;
}
