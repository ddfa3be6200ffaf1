#include "gateway/desk.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/event_time.h"
#include "proto/model/allocate.h"

enum {
    BYTES_KEPT = 65536,  //  of each buffer, from request to request
    CONFIRMATIONS_KEPT = 64,
};

desk_t *
desk_new (void)
{
    desk_t *self = ALLOCATE (desk_t);
    self->clock = steady_clock_start ();
    self->date_s = -1;
    randombytes_buf (&self->random, sizeof (self->random));
    return self;
}

void
desk_destroy (desk_t **self_p)
{
    desk_t *self = *self_p;
    if (!self)
        return;
    bytes_free (&self->body);
    bytes_free (&self->headers);
    bytes_free (&self->answer);
    bytes_free (&self->out);
    bytes_free (&self->arguments);
    bytes_free (&self->texts);
    reading_free (&self->reading);
    free (self->confirmations);
    free (self);
    *self_p = NULL;
}

void
desk_clear (desk_t *self)
{
    bytes_clear (&self->body, BYTES_KEPT);
    bytes_clear (&self->headers, BYTES_KEPT);
    bytes_clear (&self->answer, BYTES_KEPT);
    bytes_clear (&self->out, BYTES_KEPT);
    bytes_clear (&self->arguments, BYTES_KEPT);
    bytes_clear (&self->texts, BYTES_KEPT);
    reading_reset (&self->reading);
    if (self->confirmation_room > CONFIRMATIONS_KEPT) {
        free (self->confirmations);
        self->confirmations = NULL;
        self->confirmation_room = 0;
    }
}

int64_t
desk_now_ms (desk_t *self)
{
    return steady_clock_ms (&self->clock);
}

const char *
desk_date (desk_t *self)
{
    static const char *const days [] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months [] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now_ms = desk_now_ms (self);
    if (now_ms / 1000 != self->date_s) {
        event_time_t time = event_time_split (now_ms);
        self->date_s = now_ms / 1000;
        snprintf (self->date, sizeof (self->date), "%s, %02u %s %04u %02u:%02u:%02u GMT",
                  days [time.weekday], (unsigned)time.day % 100, months [time.month - 1],
                  (unsigned)time.year % 10000, (unsigned)time.hour % 100,
                  (unsigned)time.minute % 100, (unsigned)time.second % 100);
    }
    return self->date;
}

//  Steele, Lea and Flood's SplitMix64.
uint64_t
desk_random (desk_t *self)
{
    uint64_t mixed = self->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

confirmation_t *
desk_confirmations (desk_t *self, size_t count)
{
    if (count > self->confirmation_room) {
        self->confirmations =
            allocate_again (self->confirmations, count, sizeof (*self->confirmations));
        self->confirmation_room = count;
    }
    return self->confirmations;
}
