#include "broker/core/companion.h"

#include <stdio.h>

#include "broker/core/road.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/model/results.h"

enum { NAME_SIZE = 256 };

bool
companion_is_of (const subscriber_t *subscriber, const char *subscription)
{
    const char *of = subscriber->subscription->results_of;
    return of && strcmp (of, subscription) == 0;
}

//  A replay's results go with those of what it replays; a companion has none.
static bool
leads (const subscription_t *subscription)
{
    return subscription->delivers_results && !subscription->replay.id && !subscription->results_of;
}

static void
end (core_t *core, const char *subscription)
{
    subscriber_t *subscriber, *next;
    HASH_ITER (hh, core->subscribers, subscriber, next)
    {
        if (companion_is_of (subscriber, subscription))
            subscribing_end_one (core, subscriber);
    }
}

void
companion_follow (core_t *core, const subscription_t *subscription)
{
    char name [NAME_SIZE];
    snprintf (name, sizeof name, "%s" RESULTS_END, subscription->id);
    const subscriber_t *old = subscriber_find (core, name);
    if (!leads (subscription)) {
        if (old)
            end (core, subscription->id);
        return;
    }
    int64_t version = subscription->version;
    if (old && old->subscription->version >= version)
        version = old->subscription->version + 1;
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *companion =
        subscription_results (subscription, version, &core->settings.limits, &problem);
    ASSERT (companion, "results_form_results has read what a companion is made of");
    subscribing_put (core, companion);
}
