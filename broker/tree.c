#include "broker/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

void
tree_destroy (tree_t **self_p)
{
    tree_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        history_destroy (&self->list [i]);
    free (self->list);
    free (self);
    *self_p = NULL;
}

const event_t *
tree_find (const tree_t *self, const char *id)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i]->event->id, id) == 0)
            return self->list [i]->event;
    return NULL;
}

//  One more, if the log has it.
static status_t
add (tree_t *self, store_t *store, const char *id, problem_t *problem)
{
    history_t *history = NULL;
    status_t status = store->ops->look_up (store, id, &history, problem);
    if (status == STATUS_OK)
        self->list [self->count++] = history;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

//  From the event up, cause by cause. Who claims to be the cause of its own cause is met once.
static status_t
climb (tree_t *self, store_t *store, problem_t *problem)
{
    status_t status = STATUS_OK;
    const char *cause = self->list [0]->event->causation;
    while (status == STATUS_OK && *cause && self->count < TREE_EVENTS_MOST / 2 &&
           !tree_find (self, cause)) {
        size_t before = self->count;
        status = add (self, store, cause, problem);
        cause = self->count > before ? self->list [before]->event->causation : "";
    }
    if (status == STATUS_OK && !tree_find (self, self->root))
        status = add (self, store, self->root, problem);
    return status;
}

static status_t
spread (tree_t *self, store_t *store, problem_t *problem)
{
    OWNED (page) page_t *page = NULL;
    status_t status = store->ops->list_tree (store, self->root, TREE_EVENTS_MOST, TREE_BYTES_MOST,
                                             &page, problem);
    for (size_t i = 0; status == STATUS_OK && i < page->count; i++) {
        if (tree_find (self, page->events [i]->id))
            continue;
        self->has_more = self->count == TREE_EVENTS_MOST;
        if (self->has_more)
            break;
        status = add (self, store, page->events [i]->id, problem);
    }
    if (status == STATUS_OK && page->count == TREE_EVENTS_MOST)
        self->has_more = true;
    return status;
}

static int
compare (const void *a, const void *b)
{
    const event_t *left = (*(history_t *const *)a)->event, *right = (*(history_t *const *)b)->event;
    if (left->accepted_ms != right->accepted_ms)
        return left->accepted_ms < right->accepted_ms ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return (left->seq > right->seq) - (left->seq < right->seq);
}

status_t
tree_read (store_t *store, const char *id, tree_t **tree, problem_t *problem)
{
    OWNED (tree) tree_t *self = ALLOCATE (tree_t);
    self->list = allocate (TREE_EVENTS_MOST + 1, sizeof (history_t *));
    status_t status = store->ops->look_up (store, id, &self->list [0], problem);
    if (status != STATUS_OK)
        return status;
    self->count = 1;
    const event_t *event = self->list [0]->event;
    snprintf (self->root, sizeof self->root, "%s", *event->root ? event->root : event->id);
    status = climb (self, store, problem);
    if (status == STATUS_OK)
        status = spread (self, store, problem);
    if (status != STATUS_OK)
        return status;
    qsort ((void *)self->list, self->count, sizeof (history_t *), compare);
    *tree = TAKE (self);
    return STATUS_OK;
}
