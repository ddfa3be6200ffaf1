#include "broker/core/key_line.h"

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  FNV-1a, 64 bits (Fowler, Noll, Vo): short keys, no adversary who gains by a collision but the
//  one whose own deliveries then wait.
static uint64_t
hash (const char *key)
{
    uint64_t hash = UINT64_C (0xcbf29ce484222325);
    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * UINT64_C (0x100000001b3);
    return hash;
}

static key_line_t *
line_of (track_t *track, uint64_t key)
{
    key_line_t *line;
    HASH_FIND (hh, track->lines, &key, sizeof key, line);
    if (!line) {
        line = ALLOCATE (key_line_t);
        line->hash = key;
        HASH_ADD (hh, track->lines, hash, sizeof line->hash, line);
    }
    return line;
}

//  Has been tried, since it was last redriven: one that was dead and is redriven goes no more before it.
static bool
is_under_way (const delivery_t *delivery)
{
    bool is_tried = delivery->attempts > delivery->forgiven;
    return delivery->state == DELIVERY_IN_FLIGHT || delivery->is_alone ||
           (delivery->state == DELIVERY_RETRY && is_tried && !delivery->is_unknown);
}

bool
key_line_join (track_t *track, delivery_t *delivery)
{
    ASSERT (delivery->event && !delivery->line,
            "its key is in its event, and it stands in one line");
    key_line_t *line = line_of (track, hash (delivery->event->key));
    delivery->line = line;

    delivery_t *before = line->deliveries ? line->deliveries->line_prev : NULL;
    while (before && before->seq > delivery->seq && !is_under_way (before))
        before = before == line->deliveries ? NULL : before->line_prev;
    if (before)
        DL_APPEND_ELEM2 (line->deliveries, before, delivery, line_prev, line_next);
    else
        DL_PREPEND2 (line->deliveries, delivery, line_prev, line_next);
    return line->deliveries == delivery;
}

delivery_t *
key_line_leave (track_t *track, delivery_t *delivery)
{
    key_line_t *line = delivery->line;
    bool was_first = line->deliveries == delivery;
    DL_DELETE2 (line->deliveries, delivery, line_prev, line_next);
    delivery->line = NULL;
    if (!line->deliveries) {
        HASH_DEL (track->lines, line);
        free (line);
        return NULL;
    }
    return was_first ? line->deliveries : NULL;
}
