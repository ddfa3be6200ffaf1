/*  utf8 – whether bytes are characters. What is overlong, a surrogate or above U+10FFFF is none. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

//  Bytes of the character that a text of `size` bytes begins with; 0 when it begins with none.
size_t utf8_character (const char *text, size_t size);

//  U+0000 … U+001F, U+007F … U+009F: nothing that belongs into a name.
bool utf8_is_control (const char *character, size_t size);

//  Characters throughout, and none of them a control character.
bool utf8_is_text (const char *text, size_t size);

#endif
