#include "worker/actions/reply.h"

#include <stdbool.h>
#include <string.h>

#include "proto/model/utf8.h"

enum { CHARACTER_MOST = 4 };  //  bytes

static bool
is_shown (const char *character, size_t length)
{
    return strchr ("\n\r\t", *character) || !utf8_is_control (character, length);
}

//  The bytes of a character of which the rest was cut off.
static bool
is_cut (const char *bytes, size_t left)
{
    unsigned char first = (unsigned char)*bytes;
    return left < CHARACTER_MOST && first >= 0xc2 && first <= 0xf4;
}

void
reply_show (const char *bytes, size_t size, char *text, size_t room)
{
    static const char unknown [] = "\xef\xbf\xbd";  //  U+FFFD
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        size_t length = utf8_character (bytes + at, size - at);
        const char *shown = bytes + at;
        size_t shown_length = length;
        if (length == 0 && is_cut (bytes + at, size - at))
            break;
        if (length == 0 || *shown == '\0' || !is_shown (shown, length)) {
            shown = unknown;
            shown_length = sizeof unknown - 1;
            length = length > 0 ? length : 1;
        }
        if (used + shown_length >= room)
            break;
        memcpy (text + used, shown, shown_length);
        used += shown_length;
        at += length;
    }
    text [used] = '\0';
}
