/*  overview – the broker, its workers and the busiest subscriptions on one page, from two looks at
 *  the API.
 */
#ifndef OVERVIEW_H
#define OVERVIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/client.h"

typedef struct {
    json_t *status, *workers;  //  ours; NULL: nothing was read
    int64_t at_ms;             //  monotonic
} glance_t;

//  What was there goes. A failure leaves nothing.
status_t glance_take (glance_t *self, client_t *client, problem_t *problem);
void glance_clear (glance_t *self);

typedef struct {
    const glance_t *before, *now;  //  before: nothing was read: then there are no rates
    const char *title;             //  which gateway, and when
    const char *trouble;           //  why `now` is not of now; "": it is
    size_t width, height;          //  at most, in characters and lines; 0: without a bound
    bool has_colour;
} overview_t;

void overview_draw (const overview_t *self, FILE *out);

#endif
