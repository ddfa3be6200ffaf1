#include "tests/sim/watch_settled.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"

//  What a lease is of. Leases are counted from 1, and never given twice in the life of a broker.
typedef struct {
    experience_t *had;  //  NULL: it is over, for its subscription has ended
    size_t place;
    int64_t sent_ms;
    int redrives;  //  so far, when it went out
    bool is_ok;    //  its worker says so
} given_t;

struct watch_settled {
    world_t *world;
    given_t *given;  //  by lease
    size_t room;
};

watch_settled_t *
watch_settled_new (world_t *world)
{
    watch_settled_t *self = ALLOCATE (watch_settled_t);
    self->world = world;
    return self;
}

void
watch_settled_destroy (watch_settled_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->given);
    free (*self_p);
    *self_p = NULL;
}

void
watch_settled_begun (watch_settled_t *self)
{
    for (size_t i = 0; i < self->room; i++)
        self->given [i] = (given_t){0};
}

static given_t *
given_at (watch_settled_t *self, lease_id_t lease)
{
    if (lease >= self->room) {
        size_t room = 2 * (size_t)lease + 64;
        self->given = allocate_again (self->given, room, sizeof *self->given);
        for (; self->room < room; self->room++)
            self->given [self->room] = (given_t){0};
    }
    return &self->given [lease];
}

//  Made anew, it may begin where it began before.
static void
forget_place (watch_settled_t *self, size_t place)
{
    ledger_t *ledger = self->world->ledger;
    for (size_t i = 0; i < self->room; i++)
        if (self->given [i].place == place)
            self->given [i].had = NULL;
    for (size_t i = 0; i < ledger->promise_count; i++)
        ledger->promises [i]->experiences [place].is_kept = false;
}

void
watch_settled_ended (watch_settled_t *self, const char *subscription)
{
    const ledger_t *ledger = self->world->ledger;
    for (size_t place = 0; place < ledger->asked_count; place++)
        if (place == ledger_place (ledger, subscription) ||
            ledger_goes_with (ledger, place, subscription))
            forget_place (self, place);
}

void
watch_settled_heard (watch_settled_t *self, const input_t *input)
{
    if (input->kind == INPUT_UNSUBSCRIBE &&
        ledger_find (self->world->ledger, input->unsubscribe.id))
        watch_settled_ended (self, input->unsubscribe.id);
    for (size_t i = 0; input->kind == INPUT_SETTLE && i < input->settle.count; i++)
        given_at (self, input->settle.settles [i].lease)->is_ok =
            input->settle.settles [i].outcome == OUTCOME_OK;
}

//  Its result was refused, and so it has not gone well.
static bool
may_be_put_back (const watch_settled_t *self, const given_t *given)
{
    return self->world->ledger->asked [given->place].subscription->emit.type &&
           self->world->refused_ms >= given->sent_ms;
}

static void
note_kept (watch_settled_t *self, const effect_t *settled)
{
    for (size_t i = 0; i < settled->settled.count; i++) {
        const given_t *given = given_at (self, settled->settled.leases [i]);
        if (!given->had || !given->is_ok || may_be_put_back (self, given))
            continue;
        given->had->is_kept = true;
        given->had->kept_redrives = given->redrives;
    }
}

static void
note_delivery (watch_settled_t *self, const effect_t *deliver)
{
    ledger_t *ledger = self->world->ledger;
    const char *event = deliver->deliver.event->id;
    promise_t *promise = model_promise (self->world, deliver->deliver.event);
    if (deliver->deliver.event->phase == PHASE_PRE || !promise)
        return;
    size_t place = ledger_place (ledger, deliver->deliver.subscription->id);
    experience_t *had = &promise->experiences [place];
    if (had->is_kept && had->redrives == had->kept_redrives)
        world_fail (self->world, "%s goes out again for %s, though it went well and that is kept",
                    event, deliver->deliver.subscription->id);
    *given_at (self, deliver->deliver.lease) = (given_t){
        .had = had, .place = place, .sent_ms = world_now (self->world), .redrives = had->redrives};
}

void
watch_settled_said (watch_settled_t *self, const effect_t *effect)
{
    if (effect->kind == EFFECT_SETTLED && effect->reason == REASON_KEPT)
        note_kept (self, effect);
    else if (effect->kind == EFFECT_DELIVER)
        note_delivery (self, effect);
}
