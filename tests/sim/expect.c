/*  expect – what a play says must have come of it. */
#include "tests/sim/broker_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"

static const experience_t *
experience (world_t *self, const char *event, const char *subscription)
{
    return &ledger_promise (self->ledger, event)
                ->experiences [ledger_place (self->ledger, subscription)];
}

void
expect_delivered (world_t *self, const char *event, const char *subscription)
{
    if (experience (self, event, subscription)->oks == 0)
        world_fail (self, "%s was not delivered to %s", event, subscription);
}

void
expect_delivered_once (world_t *self, const char *event, const char *subscription)
{
    int begins = experience (self, event, subscription)->begins;
    if (begins != 1)
        world_fail (self, "%s was delivered to %s %d times", event, subscription, begins);
}

void
expect_begun_times (world_t *self, const char *event, const char *subscription, int times)
{
    int begins = experience (self, event, subscription)->begins;
    if (begins != times)
        world_fail (self, "%s was begun for %s %d times, not %d", event, subscription, begins,
                    times);
}

void
expect_begins_between (world_t *self, const char *subscription, int least, int most)
{
    size_t place = ledger_place (self->ledger, subscription);
    int begins = 0;
    for (size_t i = 0; i < self->ledger->promise_count; i++)
        begins += self->ledger->promises [i]->experiences [place].begins;
    if (begins < least || begins > most)
        world_fail (self, "%s was tried %d times, not %d to %d", subscription, begins, least, most);
}

void
expect_under_way_at_most (world_t *self, const char *subscription, int most)
{
    int under_way = broker_actor_under_way (self->broker, subscription);
    if (under_way > most)
        world_fail (self, "%s has %d under way, %d at most", subscription, under_way, most);
}

void
expect_dead_because (world_t *self, const char *event, const char *subscription, reason_t reason)
{
    exception_t dead = {.reason = REASON_NONE};
    model_find_dead (broker_actor_store (self->broker), event, subscription, &dead);
    if (dead.reason != reason)
        world_fail (self, "%s is no dead letter of %s because %s, but because %s", event,
                    subscription, reason_name (reason), reason_name (dead.reason));
}

void
expect_dead (world_t *self, const char *event, const char *subscription)
{
    exception_t dead;
    if (!model_find_dead (broker_actor_store (self->broker), event, subscription, &dead))
        world_fail (self, "%s is no dead letter of %s", event, subscription);
}

void
expect_refused (world_t *self, const char *event, status_t status)
{
    if (ledger_promise (self->ledger, event)->refusal != status)
        world_fail (self, "%s was not refused with %s", event, status_name (status));
}
