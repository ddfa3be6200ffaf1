#include "worker/feed/topic.h"

#include <stdlib.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

void
topic_begin (topic_t *self, int64_t place, int64_t wanted)
{
    *self = (topic_t){.place = place, .end = place, .wanted = wanted};
}

static void
topic_drop (topic_t *self, held_t *held)
{
    DL_DELETE (self->held, held);
    self->count--;
    self->bytes -= held->event->data_size;
    event_destroy (&held->event);
    free (held);
}

void
topic_clear (topic_t *self)
{
    while (self->held)
        topic_drop (self, self->held);
}

static void
topic_hold (topic_t *self, const event_t *event)
{
    ASSERT (event->seq > self->end, "what is held or done already is a repeat");
    held_t *held = ALLOCATE (held_t);
    held->event = event_ref (event);
    DL_APPEND (self->held, held);
    self->count++;
    self->bytes += event->data_size;
    self->end = event->seq;
}

//  Up to here nothing is lacking.
static void
topic_reach (topic_t *self, int64_t seq)
{
    if (seq > self->end)
        self->end = seq;
    if (!self->held)
        self->place = self->end;
}

bool
topic_receive (topic_t *self, const event_t *event, int64_t prev, bool has_room)
{
    if (event->seq <= self->end)
        return false;  //  a repeat
    if (prev <= self->end && has_room) {
        topic_hold (self, event);
        return true;
    }
    if (event->seq > self->wanted)
        self->wanted = event->seq;
    return false;
}

void
topic_learn (topic_t *self, int64_t seq, int64_t last)
{
    if (seq <= self->end) {
        self->doubted = 0;
        topic_reach (self, last);
        return;
    }
    if (self->doubted > self->end && self->doubted > self->wanted)
        self->wanted = self->doubted;
    self->doubted = seq;
}

bool
topic_lacks (const topic_t *self)
{
    return self->wanted > self->end;
}

int64_t
topic_ask (topic_t *self)
{
    self->asked = self->wanted;
    return self->end;
}

int64_t
topic_page (topic_t *self, const message_t *page)
{
    int64_t lost = 0;
    if (self->end < page->first - 1) {
        lost = page->first - 1 - self->end;
        topic_reach (self, page->first - 1);
    }
    for (size_t i = 0; i < page->event_count; i++)
        if (page->events [i]->seq > self->end)
            topic_hold (self, page->events [i]);
    topic_reach (self, page->reached);
    if (page->reached <= page->above && self->wanted == self->asked)
        self->wanted = self->end;  //  the log ends there: it is another one, or was cut back
    return lost;
}

void
topic_done (topic_t *self)
{
    ASSERT (self->held, "what is done was held");
    self->place = self->held->event->seq;
    topic_drop (self, self->held);
    topic_reach (self, self->end);
}
