/*  play_cast – who and what a play names: events, workers, subscriptions; and its lines as inputs. */
#ifndef PLAY_CAST_H
#define PLAY_CAST_H

#include <stdio.h>

#include "broker/core/core.h"

typedef struct cast cast_t;

cast_t *cast_new (const char *transcript);
void cast_destroy (cast_t **self_p);

//  One line as an input; what it points to lives until cast_done.
input_t cast_read (cast_t *self, char **words, size_t count);
void cast_done (cast_t *self);

bool cast_has_tenure_to_come (const cast_t *self);  //  a TENURE line follows: now we load
void cast_worker_joined (cast_t *self, peer_t peer, session_id_t session);
void cast_print_decide (FILE *out, const effect_t *effect);
const char *cast_worker_name (const cast_t *self, peer_t peer);  //  "" for a gateway

#endif
