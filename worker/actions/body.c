#include "worker/actions/body.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum {
    ROOM_AT_FIRST = 4096,
    ROOM_KEPT = 65536,    //  a buffer that one large event made is not kept for small ones
    BASE64_PIECE = 49152  //  bytes encoded at a time, a multiple of 3
};

void
body_clear (body_t *self)
{
    self->used = 0;
    if (self->room > ROOM_KEPT)
        body_free (self);
}

void
body_free (body_t *self)
{
    free (self->bytes);
    *self = (body_t){0};
}

//  Where the next `size` bytes go.
static char *
body_reserve (body_t *self, size_t size)
{
    if (self->room - self->used < size) {
        size_t room = self->room ? self->room : ROOM_AT_FIRST;
        while (room - self->used < size)
            room *= 2;
        self->bytes = allocate_again (self->bytes, room, 1);
        self->room = room;
    }
    return self->bytes + self->used;
}

void
body_add (body_t *self, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy (body_reserve (self, size), bytes, size);
    self->used += size;
}

void
body_add_text (body_t *self, const char *text)
{
    body_add (self, text, strlen (text));
}

static bool
needs_escape (unsigned char letter)
{
    return letter < 0x20 || letter == '"' || letter == '\\';
}

static void
body_add_escaped (body_t *self, unsigned char letter)
{
    char escaped [8];
    if (letter == '"' || letter == '\\')
        snprintf (escaped, sizeof escaped, "\\%c", letter);
    else
        snprintf (escaped, sizeof escaped, "\\u%04x", letter);
    body_add_text (self, escaped);
}

void
body_add_json (body_t *self, const char *text)
{
    body_add (self, "\"", 1);
    for (;;) {
        size_t plain = 0;
        while (!needs_escape ((unsigned char)text [plain]))
            plain++;
        body_add (self, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        body_add_escaped (self, (unsigned char)*text++);
    }
    body_add (self, "\"", 1);
}

void
body_add_base64 (body_t *self, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        size_t piece = size < BASE64_PIECE ? size : BASE64_PIECE;
        char *into = body_reserve (self, piece / 3 * 4 + 5);
        self->used += (size_t)EVP_EncodeBlock ((uint8_t *)into, at, (int)piece);
        at += piece;
        size -= piece;
    }
}
