#include "tests/sim/chronicle.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/state.h"

//  Of one partition: seqs are 1, 2, 3 …
typedef struct {
    event_t **events;
    size_t count, room;
} annals_t;

struct chronicle {
    world_t *world;
    annals_t annals [LEDGER_PARTITIONS];
};

chronicle_t *
chronicle_new (world_t *world)
{
    chronicle_t *self = ALLOCATE (chronicle_t);
    self->world = world;
    return self;
}

void
chronicle_destroy (chronicle_t **self_p)
{
    chronicle_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < LEDGER_PARTITIONS; i++) {
        for (size_t n = 0; n < self->annals [i].count; n++)
            event_destroy (&self->annals [i].events [n]);
        free ((void *)self->annals [i].events);
    }
    free (self);
    *self_p = NULL;
}

static void
take_down (annals_t *annals, const event_t *event)
{
    ASSERT (event->seq == (int64_t)annals->count + 1,
            "nothing leaves the log before it is looked at");
    if (annals->count == annals->room) {
        annals->room = annals->room ? 2 * annals->room : 64;
        annals->events =
            (event_t **)allocate_again ((void *)annals->events, annals->room, sizeof (event_t *));
    }
    annals->events [annals->count++] = event_ref (event);
}

void
chronicle_look (chronicle_t *self)
{
    store_t *store = broker_actor_store (self->world->broker);
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++) {
        annals_t *annals = &self->annals [i];
        page_t *page = NULL;
        if (store->ops->read (store, i, (int64_t)annals->count, SIZE_MAX, SIZE_MAX, &page, NULL) !=
            STATUS_OK)
            world_fail (self->world, "partition %d cannot be read", i);
        for (size_t n = 0; page && n < page->count; n++)
            take_down (annals, page->events [n]);
        page_destroy (&page);
    }
}

int64_t
chronicle_next (const chronicle_t *self, int32_t partition, int64_t above_seq, const char *type)
{
    const annals_t *annals = &self->annals [partition];
    for (size_t i = (size_t)above_seq; i < annals->count; i++)
        if (strcmp (annals->events [i]->type, type) == 0)
            return (int64_t)i + 1;
    return 0;
}
