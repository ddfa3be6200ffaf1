#include "broker/core/matching.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  Starts of a subject longer than this many segments are looked for under their first ones: a
//  hostile subject of 500 segments costs no more than one of eight.
enum { SEGMENTS = 8 };

//  The subscriptions whose type starts alike and whose subject starts alike.
typedef struct matching_leaf {
    char *start;                     //  of the subject; ours
    struct matching_branch *branch;  //  where it grows
    matching_node_t *nodes;          //  a list
    UT_hash_handle hh;
} leaf_t;

typedef struct matching_branch {
    char *start;     //  of the type; ours
    leaf_t *leaves;  //  by start
    UT_hash_handle hh;
} branch_t;

struct matching {
    branch_t *branches;  //  by start
    branch_t vias;       //  who wants what one subscription's action made: leaves by its id
};

//  Bytes of the first segments of a text, at most SEGMENTS; the separator after them left out.
static size_t
first_segments (const char *text, size_t size, char separator)
{
    int segments = 0;
    for (size_t i = 0; i < size; i++)
        if (text [i] == separator && ++segments == SEGMENTS)
            return i;
    return size;
}

//  Where a pattern stands: the whole segments at its start that have no wildcard.
static size_t
start_of (const pattern_t *pattern, char separator)
{
    if (!pattern)
        return 0;
    const char *text = pattern_text (pattern);
    size_t size = pattern_literal_bytes (pattern);
    if (!pattern_is_literal (pattern) && size > 0 && text [size - 1] == separator)
        size--;  //  a/** matches a as well: it stands under a
    return first_segments (text, size, separator);
}

matching_t *
matching_new (void)
{
    return ALLOCATE (matching_t);
}

void
matching_destroy (matching_t **self_p)
{
    matching_t *self = *self_p;
    if (!self)
        return;
    branch_t *branch, *next_branch;
    HASH_ITER (hh, self->branches, branch, next_branch)
    {
        leaf_t *leaf, *next_leaf;
        HASH_ITER (hh, branch->leaves, leaf, next_leaf)
        {
            HASH_DEL (branch->leaves, leaf);
            free (leaf->start);
            free (leaf);
        }
        HASH_DEL (self->branches, branch);
        free (branch->start);
        free (branch);
    }
    leaf_t *leaf, *next_leaf;
    HASH_ITER (hh, self->vias.leaves, leaf, next_leaf)
    {
        HASH_DEL (self->vias.leaves, leaf);
        free (leaf->start);
        free (leaf);
    }
    free (self);
    *self_p = NULL;
}

static char *
start_dup (const char *text, size_t size)
{
    char *start = allocate (size + 1, 1);
    return size ? memcpy (start, text, size) : start;
}

static branch_t *
branch_at (matching_t *self, const char *text, size_t size)
{
    branch_t *branch;
    HASH_FIND (hh, self->branches, text, size, branch);
    if (!branch) {
        branch = ALLOCATE (branch_t);
        branch->start = start_dup (text, size);
        HASH_ADD_KEYPTR (hh, self->branches, branch->start, size, branch);
    }
    return branch;
}

static leaf_t *
leaf_at (branch_t *branch, const char *text, size_t size)
{
    leaf_t *leaf;
    HASH_FIND (hh, branch->leaves, text, size, leaf);
    if (!leaf) {
        leaf = ALLOCATE (leaf_t);
        leaf->start = start_dup (text, size);
        leaf->branch = branch;
        HASH_ADD_KEYPTR (hh, branch->leaves, leaf->start, size, leaf);
    }
    return leaf;
}

static leaf_t *
leaf_for (matching_t *self, const match_t *match)
{
    const char *via = match_via (match);
    if (via)
        return leaf_at (&self->vias, via, strlen (via));
    const pattern_t *type = match_type (match);
    const pattern_t *subject = match_subject (match);
    branch_t *branch = branch_at (self, type ? pattern_text (type) : "", start_of (type, '.'));
    return leaf_at (branch, subject ? pattern_text (subject) : "", start_of (subject, '/'));
}

void
matching_add (matching_t *self, matching_node_t *node, const match_t *match, void *owner)
{
    ASSERT (!node->leaf, "a node stands in one place only");
    node->match = match;
    node->owner = owner;
    node->leaf = leaf_for (self, match);
    DL_APPEND (node->leaf->nodes, node);
}

void
matching_remove (matching_t *self, matching_node_t *node)
{
    leaf_t *leaf = node->leaf;
    if (!leaf)
        return;
    DL_DELETE (leaf->nodes, node);
    *node = (matching_node_t){0};
    if (leaf->nodes)
        return;
    branch_t *branch = leaf->branch;
    HASH_DEL (branch->leaves, leaf);
    free (leaf->start);
    free (leaf);
    if (branch->leaves || branch == &self->vias)
        return;
    HASH_DEL (self->branches, branch);
    free (branch->start);
    free (branch);
}

//  The next longer start of a text that ends with a segment, from one that is `size` long.
static size_t
next_start (const char *text, size_t size, char separator)
{
    if (text [size] == separator)
        size++;
    while (text [size] && text [size] != separator)
        size++;
    return size;
}

static void
each_node (const leaf_t *leaf, matching_found_t *found, void *context)
{
    matching_node_t *node, *next;
    if (leaf)
        DL_FOREACH_SAFE (leaf->nodes, node, next)
    found (context, node->owner);
}

static void
each_leaf (const branch_t *branch, const char *subject, matching_found_t *found, void *context)
{
    size_t size = 0;
    for (int segments = 0; segments <= SEGMENTS; segments++) {
        leaf_t *leaf;
        HASH_FIND (hh, branch->leaves, subject, size, leaf);
        each_node (leaf, found, context);
        if (!subject [size])
            return;
        size = next_start (subject, size, '/');
    }
}

void
matching_each (const matching_t *self, const event_t *event, matching_found_t *found, void *context)
{
    size_t size = 0;
    if (*event->via) {
        leaf_t *leaf;
        HASH_FIND_STR (self->vias.leaves, event->via, leaf);
        each_node (leaf, found, context);
    }
    for (int segments = 0; segments <= SEGMENTS; segments++) {
        branch_t *branch;
        HASH_FIND (hh, self->branches, event->type, size, branch);
        if (branch)
            each_leaf (branch, event->subject, found, context);
        if (!event->type [size])
            return;
        size = next_start (event->type, size, '.');
    }
}
