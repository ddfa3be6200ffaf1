#include "proto/model/utf8.h"

#include <stdint.h>
#include <string.h>

#define EACH UINT64_C (0x0101010101010101)  //  times a byte: eight of them

//  By the first byte: how many bytes there are, and the bounds of the second one, which alone tell
//  the overlong, the surrogates and the too high (Unicode 15, table 3-7).
typedef struct {
    uint8_t first_least, first_most, size, second_least, second_most;
} form_t;

static const form_t forms [] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const form_t *
form_of (uint8_t first)
{
    for (size_t i = 0; i < sizeof (forms) / sizeof (*forms); i++)
        if (first >= forms [i].first_least && first <= forms [i].first_most)
            return &forms [i];
    return NULL;
}

size_t
utf8_character (const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const form_t *form = size > 0 ? form_of (bytes [0]) : NULL;
    if (!form || form->size > size)
        return 0;
    if (form->size > 1 && (bytes [1] < form->second_least || bytes [1] > form->second_most))
        return 0;
    for (size_t i = 2; i < form->size; i++)
        if ((bytes [i] & 0xc0) != 0x80)
            return 0;
    return form->size;
}

bool
utf8_is_control (const char *character, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)character;
    if (size == 1)
        return bytes [0] < 0x20 || bytes [0] == 0x7f;
    return size == 2 && bytes [0] == 0xc2 && bytes [1] < 0xa0;
}

//  Eight bytes, all of them plain ASCII: none below 0x20, none above 0x7e.
static bool
is_plain (const char *text)
{
    uint64_t bytes;
    memcpy (&bytes, text, sizeof (bytes));
    uint64_t too_low = bytes - EACH * 0x20, too_high = bytes + EACH;
    return ((too_low | bytes | too_high) & EACH * 0x80) == 0;
}

//  Where the plain ASCII at the start ends: most texts are nothing else.
static size_t
skip_plain (const char *text, size_t size)
{
    size_t at = 0;
    while (size - at >= sizeof (uint64_t) && is_plain (text + at))
        at += sizeof (uint64_t);
    while (at < size && text [at] >= 0x20 && text [at] < 0x7f)
        at++;
    return at;
}

bool
utf8_is_text (const char *text, size_t size)
{
    for (size_t at = skip_plain (text, size); at < size;) {
        size_t length = utf8_character (text + at, size - at);
        if (length == 0 || utf8_is_control (text + at, length))
            return false;
        at += length;
    }
    return true;
}
