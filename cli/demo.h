/*  demo – what `tocsin up --demo` shows: a consumer in this process, a subscription of its own, a
 *  notification as a Kinto server sends it, and what arrives of it.
 */
#ifndef DEMO_H
#define DEMO_H

#include "proto/model/status.h"

typedef struct demo demo_t;

//  Says on stderr what it does, and what arrives from then on. NULL and a problem when it cannot.
demo_t *demo_new (const char *url, const char *token_file, problem_t *problem);
void demo_destroy (demo_t **self_p);  //  deletes its subscription: nobody would answer any more

#endif
