#include "gateway/json_text.h"

#include <string.h>

static unsigned
json_text_digit (char digit)
{
    if (digit <= '9')
        return (unsigned)(digit - '0');
    return (unsigned)((digit | 0x20) - 'a' + 10);
}

unsigned
json_text_hex4 (const char *at)
{
    return json_text_digit (at [0]) << 12 | json_text_digit (at [1]) << 8 |
           json_text_digit (at [2]) << 4 | json_text_digit (at [3]);
}

static size_t
json_text_utf8 (unsigned character, char *out)
{
    if (character < 0x80) {
        out [0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out [0] = (char)(0xc0 | character >> 6);
        out [1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out [0] = (char)(0xe0 | character >> 12);
        out [1] = (char)(0x80 | (character >> 6 & 0x3f));
        out [2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    out [0] = (char)(0xf0 | character >> 18);
    out [1] = (char)(0x80 | (character >> 12 & 0x3f));
    out [2] = (char)(0x80 | (character >> 6 & 0x3f));
    out [3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

static char
json_text_letter (char letter)
{
    switch (letter) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return letter;  //  a quote, a backslash, a slash
    }
}

size_t
json_text_decode (const char *at, size_t size, char *out)
{
    const char *end = at + size;
    char *start = out;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
        }
        else if (at [1] != 'u') {
            *out++ = json_text_letter (at [1]);
            at += 2;
        }
        else {
            unsigned character = json_text_hex4 (at + 2);
            at += 6;
            if (character >= 0xd800 && character < 0xdc00) {  //  its other half follows
                character =
                    0x10000 + ((character - 0xd800) << 10) + (json_text_hex4 (at + 2) - 0xdc00);
                at += 6;
            }
            out += json_text_utf8 (character, out);
        }
    }
    return (size_t)(out - start);
}
