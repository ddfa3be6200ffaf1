#include "tests/sim/results.h"

#include <stdio.h>
#include <string.h>

#include "proto/model/event_id.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"

void
results_word (const event_t *event, char word [RESULTS_WORD])
{
    snprintf (word, RESULTS_WORD, "{\"of\":\"%.64s\"}", event->id);
}

bool
results_is_one (const event_t *event)
{
    return *event->via;
}

bool
results_may_come (const world_t *world)
{
    for (size_t i = 0; i < world->ledger->asked_count; i++)
        if (world->ledger->asked [i].subscription->emit.type)
            return true;
    return false;
}

//  The delivery that it came of: of its cause, for this one of those that were asked for; or NULL.
static const asked_t *
maker_of (const world_t *world, const event_t *event)
{
    for (size_t i = 0; i < world->ledger->asked_count; i++) {
        const asked_t *asked = &world->ledger->asked [i];
        const subscription_t *subscription = asked->subscription;
        const char *via = subscription->replay.id ? subscription->replay.of : subscription->id;
        char id [EVENT_ID_SIZE];
        event_id_of_result (event->causation, subscription->id, id);
        if (strcmp (id, event->id) == 0 && strcmp (via, event->via) == 0)
            return asked;
    }
    return NULL;
}

//  What is wrong with it; NULL: nothing.
static const char *
fault_of (const asked_t *maker, const promise_t *cause, const experience_t *had,
          const event_t *event)
{
    char word [RESULTS_WORD];
    const event_t *of = cause->event;
    results_word (of, word);
    if (!maker->subscription->emit.type)
        return "whose maker emits nothing";
    if (had->oks == 0)
        return "of a delivery that never went well";
    if (strcmp (event->type, maker->subscription->emit.type) != 0)
        return "with another type";
    if (strcmp (event->key, of->key) != 0)
        return "with another key";
    if (event->hops != of->hops + 1)
        return "with other hops";
    if (strcmp (event->root, *of->root ? of->root : of->id) != 0)
        return "with another root";
    if (event->data_size != strlen (word) || memcmp (event->data, word, event->data_size) != 0)
        return "with other data";
    return NULL;
}

void
results_check (world_t *world, const event_t *event)
{
    const asked_t *maker = maker_of (world, event);
    const promise_t *cause = ledger_promise (world->ledger, event->causation);
    if (!maker || !cause) {
        world_fail (world, "%s came of nothing that there is", event->id);
        return;
    }
    size_t place = (size_t)(maker - world->ledger->asked);
    const char *fault = fault_of (maker, cause, &cause->experiences [place], event);
    if (fault)
        world_fail (world, "%s came of %s for %s, %s", event->id, cause->event->id,
                    maker->subscription->id, fault);
}

//  It ended well, as far as anybody can tell, also when it was tried again; and what it made cannot have
//  left the log.
static bool
must_have_made (world_t *world, const promise_t *promise, size_t place)
{
    const asked_t *asked = &world->ledger->asked [place];
    const experience_t *had = &promise->experiences [place];
    exception_t dead;
    return asked->subscription->emit.type && had->oks > 0 && had->skips == 0 &&
           !had->is_discarded && model_must_want (world, asked, promise) &&
           promise->seq > world->ledger->soft_seqs [promise->partition] &&
           !model_find_dead (broker_actor_store (world->broker), promise->event->id,
                             asked->subscription->id, &dead);
}

static bool
is_there (world_t *world, const char *id)
{
    store_t *store = broker_actor_store (world->broker);
    history_t *history = NULL;
    bool is_found = store->ops->look_up (store, id, &history, NULL) == STATUS_OK;
    history_destroy (&history);
    return is_found;
}

bool
results_are_there (world_t *world, char *what, size_t size)
{
    const ledger_t *ledger = world->ledger;
    for (size_t i = 0; i < ledger->promise_count; i++)
        for (size_t place = 0; place < ledger->asked_count; place++) {
            const promise_t *promise = ledger->promises [i];
            const char *subscription = ledger->asked [place].subscription->id;
            char id [EVENT_ID_SIZE];
            if (!must_have_made (world, promise, place))
                continue;
            event_id_of_result (promise->event->id, subscription, id);
            if (is_there (world, id))
                continue;
            snprintf (what, size, "nothing came of %s for %s", promise->event->id, subscription);
            return false;
        }
    return true;
}
