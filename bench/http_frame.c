#include "bench/http_frame.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char LENGTH [] = "content-length:";

static size_t
body_size (const char *head, size_t head_size)
{
    const char *end = head + head_size;
    for (const char *line = memchr (head, '\n', head_size); line && line + 1 < end;
         line = memchr (line, '\n', (size_t)(end - line))) {
        line++;
        if (strncasecmp (line, LENGTH, sizeof LENGTH - 1) == 0)
            return strtoul (line + sizeof LENGTH - 1, NULL, 10);
    }
    return 0;  //  a 204, or a GET
}

bool
http_frame_find (const char *bytes, size_t size, http_frame_t *frame)
{
    const char *end = memmem (bytes, size, "\r\n\r\n", 4);
    if (!end)
        return false;
    size_t head_size = (size_t)(end - bytes) + 4;
    size_t whole = head_size + body_size (bytes, head_size);
    if (size < whole)
        return false;
    *frame = (http_frame_t){.head_size = head_size, .size = whole};
    return true;
}
