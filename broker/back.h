/*  back – the socket of the workers: deliveries out, what became of them in. */
#ifndef BACK_H
#define BACK_H

#include <jansson.h>

#include "broker/edge.h"
#include "proto/wire/link.h"

typedef struct back back_t;

/*  Binds. NULL and a problem otherwise. edge is borrowed. */
back_t *back_new (edge_t *edge, void *zmq, const char *endpoint, problem_t *problem);
void back_destroy (back_t **self_p);

void *back_socket (const back_t *self);
const char *back_endpoint (const back_t *self);  //  as bound

bool back_ready (void *back);  //  a loop_ready_t: hears what is there, under a budget

/*  Heartbeats to the workers; says in the log which of them the core has given up, and tells the
 *  core of those whose connection is gone.
 */
void back_beat (back_t *self, int64_t now_monotonic_ms);

//  Ends the sessions of those whose key is gone: what they hold goes to others, and accuses nobody.
void back_expel (back_t *self);

//  Effects of the core. DELIVER and SETTLED are gathered until back_flush, the others leave at once.
void back_deliver (back_t *self, const effect_t *effect);
void back_settled (back_t *self, const effect_t *effect);
void back_welcome (back_t *self, const effect_t *effect);
void back_cancel (back_t *self, const effect_t *effect);
void back_reset (back_t *self, const effect_t *effect);
void back_bye (back_t *self, const effect_t *effect);
void back_error (back_t *self, const effect_t *effect);

/*  What the worker behind a session said of itself: "version", "actions", "capacity". Borrowed; NULL: it is
 *  gone.
 */
const json_t *back_card (const back_t *self, peer_t peer);

//  Tells those of this name what is wanted of them.
void back_resize (back_t *self, const char *worker);

void back_listens (back_t *self, const effect_t *feeds);  //  its heartbeats tell of feeds
void back_say (back_t *self, peer_t peer, const message_t *message);  //  at once

void back_flush (back_t *self);

#endif
