/*  json_text – the escapes of a JSON string that was found to be well formed. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stddef.h>

/*  What stands between the quotes, decoded to UTF-8. `out` has room for `size` bytes: decoding never
 *  makes it longer. Returns the bytes written; a \u0000 is written as the zero that it is.
 */
size_t json_text_decode (const char *at, size_t size, char *out);

unsigned json_text_hex4 (const char *at);  //  of four hexadecimal digits

#endif
