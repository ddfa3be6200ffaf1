/*  request – the POST that the generator sends: about 1 KiB of JSON, each one an event of its own.
 *
 *  Made once; before each sending only its digits are written anew, so that the generator takes as
 *  little of the machine as can be.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>
#include <stdio.h>

enum { REQUEST_BYTES = 4096, REQUEST_MARKS = 16 };

typedef struct {
    char bytes [REQUEST_BYTES];
    size_t size;       //  bytes
    size_t body_size;  //  bytes, at the end
    struct {
        size_t at;
        char kind;  //  S, M or D: see request.c
    } marks [REQUEST_MARKS];
    size_t mark_count;
} request_t;

typedef enum { SHAPE_KINTO, SHAPE_PLAIN } shape_t;

//  token may be NULL: no Authorization.
void request_make (request_t *self, shape_t shape, const char *host, const char *token);

//  serial    its number, different for each event: the id follows from it
//  due_us    monotonic time at which it should be sent, from which all latency is counted
void request_fill (request_t *self, int64_t serial, int64_t due_us);

#endif
