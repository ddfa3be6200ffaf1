/*  Five texts, each with a final zero, and then the data: whatever they are, the CloudEvent is JSON
 *  and says them.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/utf8.h"
#include "worker/actions/cloud_event.h"

enum { TEXTS = 5 };

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

static bool
is_utf8 (const char *text)
{
    size_t size = strlen (text);
    for (size_t at = 0; at < size;) {
        size_t character = utf8_character (text + at, size - at);
        if (character == 0)
            return false;
        at += character;
    }
    return true;
}

static void
check_said (const json_t *json, const char *name, const char *text)
{
    const char *said = json_string_value (json_object_get (json, name));
    ASSERT (*text ? said && strcmp (said, text) == 0 : true, "a consumer reads what was published");
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    const char *texts [TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        const uint8_t *end = size > 0 ? memchr (bytes, 0, size) : NULL;
        if (!end || !is_utf8 ((const char *)bytes))
            return 0;
        texts [i] = (const char *)bytes;
        size -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    event_t event = {.id = "e",
                     .given_id = texts [0],
                     .source = texts [1],
                     .type = texts [2],
                     .subject = texts [3],
                     .key = texts [3],
                     .time = "",
                     .content_type = texts [4],
                     .causation = texts [0],
                     .root = "",
                     .via = texts [3],
                     .data = bytes,
                     .data_size = size};
    if (content_type_is_json (event.content_type))
        event.data_size = 0;  //  the gateway has checked what goes verbatim
    body_t body = {0};
    cloud_event_write (&event, &body);
    OWNED (json)
    json_t *json = json_loadb (body.bytes, body.used, JSON_REJECT_DUPLICATES, NULL);
    ASSERT (json, "what is sent as JSON is JSON");
    check_said (json, "id", texts [0]);
    check_said (json, "source", texts [1]);
    check_said (json, "subject", texts [3]);
    check_said (json, "causationid", texts [0]);
    check_said (json, "via", texts [3]);
    check_said (json, "datacontenttype", texts [4]);
    body_free (&body);
    return 0;
}
