/*  http_frame – where the first HTTP/1.1 message in a buffer ends, and where its body starts.
 *
 *  As little as a generator and a sink on one machine need: Content-Length only, since both sides
 *  are known. What is not understood ends the program: a measurement of errors is worth nothing.
 */
#ifndef HTTP_FRAME_H
#define HTTP_FRAME_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    size_t head_size;  //  bytes, with the empty line
    size_t size;       //  bytes of all of it
} http_frame_t;

//  False while the message is not all there.
bool http_frame_find (const char *bytes, size_t size, http_frame_t *frame);

#endif
