#include "bench/request.h"

#include <err.h>
#include <string.h>

/*  Marks, all of fixed width: S the serial, M a last_modified that rises with it, D the due time.
 *  What Kinto 26 tells its listeners of the update of one record.
 */
static const char KINTO [] =
    "{\"payload\":{\"timestamp\":1795000000000,\"action\":\"update\","
    "\"uri\":\"/buckets/blog/collections/articles/records/00000000-0000-4000-8000-SSSSSSSSSSSS\","
    "\"user_id\":\"basicauth:ef9887770c056c86a394ae4247616c269627741e69a6df04de475d95054af1be\","
    "\"resource_name\":\"record\",\"bucket_id\":\"blog\",\"collection_id\":\"articles\","
    "\"record_id\":\"00000000-0000-4000-8000-SSSSSSSSSSSS\"},\"impacted_objects\":[{\"new\":"
    "{\"id\":\"00000000-0000-4000-8000-SSSSSSSSSSSS\",\"last_modified\":MMMMMMMMMMMMM,"
    "\"title\":\"How the bell was cast\",\"status\":\"published\",\"words\":1834,\"draft\":false,"
    "\"tags\":[\"history\",\"metal\",\"sound\"],\"author\":{\"name\":\"Ada\",\"id\":17},"
    "\"attachment\":{\"filename\":\"bell.jpg\",\"mimetype\":\"image/jpeg\",\"size\":52310,"
    "\"hash\":\"c0ffee4c8a1f07d7\"},"
    "\"serial\":\"SSSSSSSSSSSS\",\"due_us\":\"DDDDDDDDDDDDDDDD\",\"rating\":4.5,\"lang\":\"en\"},"
    "\"old\":{\"id\":\"00000000-0000-4000-8000-SSSSSSSSSSSS\",\"last_modified\":1794999999999,"
    "\"title\":\"How the bell was made\",\"status\":\"draft\",\"words\":1799,\"draft\":true,"
    "\"tags\":[\"history\",\"metal\"],\"author\":{\"name\":\"Ada\",\"id\":17},"
    "\"attachment\":{\"filename\":\"bell.jpg\",\"mimetype\":\"image/jpeg\",\"size\":52310,"
    "\"hash\":\"5eed1e55b0a7d00d\"},"
    "\"rating\":null,\"lang\":\"en\"}}]}";

static const char PLAIN [] =
    "{\"data\":{\"id\":\"b-SSSSSSSSSSSS\",\"type\":\"bench.article.update\","
    "\"subject\":\"/articles/SSSSSSSSSSSS\",\"data\":{\"modified\":MMMMMMMMMMMMM,"
    "\"serial\":\"SSSSSSSSSSSS\",\"due_us\":\"DDDDDDDDDDDDDDDD\","
    "\"text\":\"A tocsin is the bell that calls people to act. Once it hung in the tower of the "
    "town hall, and whoever saw the fire first, or the flood, or the riders on the hill, ran up the "
    "stairs and pulled the rope. Nobody asked who rang: everybody knew what it meant, and where to "
    "go, and what to bring. It was heard in the fields and in the cellars, by those who slept and by "
    "those who worked, and it did not stop before somebody had answered. The rope was as thick as a "
    "wrist, the bell as heavy as four oxen, and it was cast from the coins of all.\","
    "\"tags\":[\"history\",\"metal\",\"sound\"],\"words\":1834,\"draft\":false}}}";

static int
width_of (char kind)
{
    switch (kind) {
        case 'S': return 12;
        case 'M': return 13;
        case 'D': return 16;
        default: return 0;
    }
}

//  A mark is a run of its letter in its width; single capitals in the text are none.
static void
find_marks (request_t *self)
{
    for (size_t at = self->size - self->body_size; at < self->size; at++) {
        char kind = self->bytes [at];
        size_t width = (size_t)width_of (kind);
        if (!width || strspn (self->bytes + at, (char [2]){kind, 0}) != width)
            continue;
        if (self->mark_count == REQUEST_MARKS)
            errx (1, "more than %d marks in a request", REQUEST_MARKS);
        self->marks [self->mark_count].at = at;
        self->marks [self->mark_count++].kind = kind;
        at += width - 1;
    }
}

void
request_make (request_t *self, shape_t shape, const char *host, const char *token)
{
    const char *body = shape == SHAPE_KINTO ? KINTO : PLAIN;
    int size = snprintf (self->bytes, sizeof self->bytes,
                         "POST /v1/events HTTP/1.1\r\nHost: %s\r\n"
                         "Content-Type: application/json\r\nContent-Length: %zu\r\n%s%s%s\r\n%s",
                         host, strlen (body), token ? "Authorization: Bearer " : "",
                         token ? token : "", token ? "\r\n" : "", body);
    if (size < 0 || size >= REQUEST_BYTES)
        errx (1, "a request is larger than %d bytes", REQUEST_BYTES);
    self->size = (size_t)size;
    self->body_size = strlen (body);
    self->mark_count = 0;
    find_marks (self);
}

static void
write_digits (char *at, int width, int64_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        at [i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void
request_fill (request_t *self, int64_t serial, int64_t due_us)
{
    for (size_t i = 0; i < self->mark_count; i++) {
        char kind = self->marks [i].kind;
        int64_t value = kind == 'S' ? serial : kind == 'M' ? 1795000000000 + serial : due_us;
        write_digits (self->bytes + self->marks [i].at, width_of (kind), value);
    }
}
