/*  desk – what one request thread works with: buffers that it uses again for each request. */
#ifndef DESK_H
#define DESK_H

#include "daemon/clock.h"
#include "gateway/bytes.h"
#include "gateway/reading.h"
#include "proto/wire/message.h"

enum { DESK_DATE_SIZE = 30 };  //  "Tue, 24 Nov 2026 03:00:00 GMT" and the final zero

typedef struct {
    steady_clock_t clock;
    uint64_t random;                //  state of the generator of request ids
    bytes_t body;                   //  of the request
    bytes_t headers;                //  of the answer, beside those that every answer has
    bytes_t answer;                 //  its body
    bytes_t out;                    //  both, for one write
    bytes_t arguments;              //  of a CALL
    bytes_t texts;                  //  strings of a REPLY, decoded
    reading_t reading;              //  of a body with events
    confirmation_t *confirmations;  //  ours
    size_t confirmation_room;
    int64_t date_s;  //  the second that `date` tells
    char date [DESK_DATE_SIZE];
} desk_t;

desk_t *desk_new (void);
void desk_destroy (desk_t **self_p);
void desk_clear (desk_t *self);  //  after a request: what was large goes back to the system

int64_t desk_now_ms (desk_t *self);                               //  wall time that never falls
const char *desk_date (desk_t *self);                             //  the same, as HTTP writes it
uint64_t desk_random (desk_t *self);                              //  for names, not for secrets
confirmation_t *desk_confirmations (desk_t *self, size_t count);  //  room for so many

#endif
