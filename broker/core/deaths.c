#include "broker/core/deaths.h"

#include "broker/core/road.h"
#include "broker/core/track.h"
#include "proto/model/allocate.h"

enum { DEATHS_KEPT = 16384 };  //  of the oldest nobody hears any more

struct death {
    uint64_t instance;
    char *subscription;  //  ours
    int32_t partition;
    int64_t seq;
    struct death *prev, *next;
};

static void
forget (core_t *core, struct death *death)
{
    DL_DELETE (core->deaths, death);
    core->death_count--;
    free (death->subscription);
    free (death);
}

void
deaths_clear (core_t *core)
{
    while (core->deaths)
        forget (core, core->deaths);
}

void
deaths_note (core_t *core, uint64_t instance, const delivery_t *delivery)
{
    if (instance == 0)
        return;  //  it does not tell: nobody will know it again
    if (core->death_count == DEATHS_KEPT)
        forget (core, core->deaths);
    struct death *death = ALLOCATE (struct death);
    death->instance = instance;
    death->subscription = allocate_copy (delivery->track->subscriber->subscription->id);
    death->partition = delivery->track->partition;
    death->seq = delivery->seq;
    DL_APPEND (core->deaths, death);
    core->death_count++;
}

//  What has been said of it since, or that it is a dead letter, stays.
static void
withdraw (core_t *core, const struct death *death)
{
    track_t *track = subscribing_track (core, death->subscription, death->partition);
    delivery_t *delivery = track ? track_find (track, death->seq) : NULL;
    if (delivery && delivery->crashes > 0)
        delivery->crashes--;
}

void
deaths_withdraw (core_t *core, uint64_t instance)
{
    struct death *death, *next;
    DL_FOREACH_SAFE (core->deaths, death, next)
    {
        if (instance == 0 || death->instance != instance)
            continue;
        withdraw (core, death);
        forget (core, death);
    }
}
