/*  tree – an event with what it came of and what came of it, as the store has them.
 *
 *  The way up is followed from cause to cause, so it is whole whatever a client said of the root; down
 *  goes all that has the same root, as much as there is room for.
 */
#ifndef TREE_H
#define TREE_H

#include "broker/store/store.h"
#include "proto/model/event_id.h"

enum { TREE_EVENTS_MOST = 500, TREE_BYTES_MOST = 1 << 24 };

typedef struct {
    char root [EVENT_ID_SIZE];  //  the log may have it no more
    history_t **list;           //  ours; by the time they were accepted
    size_t count;
    bool has_more;
} tree_t;

//  The tree is the caller's. NOT_FOUND: there is no such event.
status_t tree_read (store_t *store, const char *id, tree_t **tree, problem_t *problem);
void tree_destroy (tree_t **self_p);

const event_t *tree_find (const tree_t *self, const char *id);  //  NULL: it is not in it

#endif
