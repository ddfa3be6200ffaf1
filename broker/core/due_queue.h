/*  due_queue – things with a time, the earliest first: a binary heap of nodes that live in them.
 *
 *  A node knows its place, so that one can be taken out of the middle. Equal times come in the
 *  order of their insertion, so that a run can be repeated.
 */
#ifndef DUE_QUEUE_H
#define DUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    DUE_DELIVERY,
    DUE_LEASE,
    DUE_SESSION,
    DUE_SUBSCRIBER,
    DUE_TRACK,
    DUE_ASKED,
    DUE_BROUGHT
} due_kind_t;

typedef struct {
    int64_t due_ms;
    uint64_t order;   //  of insertion
    size_t place;     //  index + 1 in the heap; 0: not in it
    due_kind_t kind;  //  what owner is
    void *owner;      //  borrowed
} due_node_t;

typedef struct {
    due_node_t **nodes;
    size_t count, room;
    uint64_t inserted;
} due_queue_t;

void due_queue_clear (due_queue_t *self);
void due_queue_put (due_queue_t *self, due_node_t *node, int64_t due_ms);  //  moves it if it is in
void due_queue_remove (due_queue_t *self, due_node_t *node);  //  safe when it is not in
due_node_t *due_queue_first (const due_queue_t *self);        //  NULL when empty

static inline bool
due_node_is_in (const due_node_t *node)
{
    return node->place > 0;
}

#endif
