#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/utf8.h"
#include "worker/actions/reply.h"

enum { ROOM = 64 };

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    char text [ROOM];
    reply_show ((const char *)bytes, size, text, sizeof text);
    size_t length = strlen (text);
    ASSERT (length < ROOM, "it fits");
    for (size_t at = 0; at < length;) {
        size_t character = utf8_character (text + at, length - at);
        ASSERT (character > 0, "what is shown is UTF-8: it is stored and sent as text");
        at += character;
    }
    return 0;
}
