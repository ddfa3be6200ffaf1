/*  intake – a document becomes a subscription: the checks of whoever may make one, the API and workers.
 *
 *  What it replaces lends it its secret and the time when it was made.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "broker/edge.h"

/*  given    as in a request; with an id, or one is made
 *  old      what it replaces; NULL: it is new
 *  brought  by whom, if a worker brings it; NULL: it is somebody's
 *
 *  NULL and a problem (BAD_SUBSCRIPTION …) for one that is none, and for an action whose workers do not
 *  take its parameters.
 */
subscription_t *intake_read (edge_t *edge, const json_t *given, const subscription_t *old,
                             const brought_t *brought, problem_t *problem);

/*  The document to be, under this id; a secret that it does not give stays the one there was. A new
 *  reference; NULL and a problem when it says another id.
 */
json_t *intake_complete (const json_t *given, const char *id, const subscription_t *old,
                         problem_t *problem);

//  A seq that no partition is about to give out: it would begin earlier than was asked for.
status_t intake_check_start (const edge_t *edge, const subscription_t *made, problem_t *problem);
//  Another mode is another subscription.
status_t intake_check_mode (const subscription_t *old, const subscription_t *made,
                            problem_t *problem);

int64_t intake_next_version (edge_t *edge, const subscription_t *old);  //  old: NULL for none
const char *intake_secret (const json_t *document);                     //  NULL: it has none

/*  A worker, in its session, brings this document. What is wrong with it comes back; nothing is done
 *  then. `hello` says which actions it offers.
 */
status_t intake_bring (edge_t *edge, const input_t *from, const message_t *hello, const char *text,
                       problem_t *problem);

#endif
