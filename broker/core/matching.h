/*  matching – which subscriptions may want an event, without asking all of them.
 *
 *  Each stands in one place: under the literal start of its type, and there under the literal start
 *  of its subject, in whole segments. An event looks under each start of its own type and subject:
 *  some twenty hash look-ups, however many subscriptions there are. What it finds still has to be
 *  asked with match_asks.
 */
#ifndef MATCHING_H
#define MATCHING_H

#include "proto/model/match.h"

typedef struct matching matching_t;

//  One subscription's place; lives in whoever stands there, zero at first.
typedef struct matching_node {
    const match_t *match;  //  borrowed while it is in
    void *owner;           //  handed to who asks
    struct matching_leaf *leaf;
    struct matching_node *prev, *next;
} matching_node_t;

matching_t *matching_new (void);
void matching_destroy (matching_t **self_p);

void matching_add (matching_t *self, matching_node_t *node, const match_t *match, void *owner);
void matching_remove (matching_t *self, matching_node_t *node);  //  safe when it is not in

//  Calls found for each candidate, in no order that matters.
typedef void matching_found_t (void *context, void *owner);
void matching_each (const matching_t *self, const event_t *event, matching_found_t *found,
                    void *context);

#endif
