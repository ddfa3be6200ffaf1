#include "broker/core/due_queue.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

static bool
is_before (const due_node_t *a, const due_node_t *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order);
}

static void
set (due_queue_t *self, size_t index, due_node_t *node)
{
    self->nodes [index] = node;
    node->place = index + 1;
}

static void
rise (due_queue_t *self, size_t index)
{
    due_node_t *node = self->nodes [index];
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!is_before (node, self->nodes [parent]))
            break;
        set (self, index, self->nodes [parent]);
        index = parent;
    }
    set (self, index, node);
}

static void
sink (due_queue_t *self, size_t index)
{
    due_node_t *node = self->nodes [index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= self->count)
            break;
        if (child + 1 < self->count && is_before (self->nodes [child + 1], self->nodes [child]))
            child++;
        if (!is_before (self->nodes [child], node))
            break;
        set (self, index, self->nodes [child]);
        index = child;
    }
    set (self, index, node);
}

void
due_queue_clear (due_queue_t *self)
{
    free (self->nodes);
    *self = (due_queue_t){0};
}

void
due_queue_put (due_queue_t *self, due_node_t *node, int64_t due_ms)
{
    due_queue_remove (self, node);
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->nodes = allocate_again (self->nodes, self->room, sizeof *self->nodes);
    }
    node->due_ms = due_ms;
    node->order = ++self->inserted;
    set (self, self->count, node);
    self->count++;
    rise (self, self->count - 1);
}

void
due_queue_remove (due_queue_t *self, due_node_t *node)
{
    if (!due_node_is_in (node))
        return;
    size_t index = node->place - 1;
    ASSERT (index < self->count && self->nodes [index] == node, "a node is in one queue only");
    node->place = 0;
    self->count--;
    if (index == self->count)
        return;
    set (self, index, self->nodes [self->count]);
    rise (self, index);
    sink (self, index);
}

due_node_t *
due_queue_first (const due_queue_t *self)
{
    return self->count ? self->nodes [0] : NULL;
}
