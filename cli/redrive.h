/*  redrive – what redrive and discard share: which dead letters, and what has become of them. */
#ifndef REDRIVE_H
#define REDRIVE_H

#include "cli/letter_options.h"
#include "cli/named.h"

typedef struct {
    named_t named;  //  the subscription, then events
    letter_options_t letters;
    bool all;     //  --all
    double rate;  //  --rate; 0: not given
} redrive_t;

/*  That it says which: events, a filter or --all; at ARGP_KEY_END. */
void redrive_check (const redrive_t *self, struct argp_state *state);

//  "3 dead letters of S …", by the answer's member `name`.
void redrive_print (const redrive_t *self, const json_t *answer, const char *name,
                    const char *said);

#endif
