#include "tests/sim/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/watch_state.h"

//  As PROTOCOL.md has them.
enum { LOST_HEARTBEATS = 3, POISON_CRASHES = 3 };

watch_t *
watch_new (world_t *world)
{
    watch_t *self = ALLOCATE (watch_t);
    self->world = world;
    self->ledger = world->ledger;
    self->workers = watch_workers_new (world);
    self->settled = watch_settled_new (world);
    self->bringing = watch_bringing_new (world);
    return self;
}

void
watch_destroy (watch_t **self_p)
{
    if (!*self_p)
        return;
    watch_workers_destroy (&(*self_p)->workers);
    watch_settled_destroy (&(*self_p)->settled);
    watch_bringing_destroy (&(*self_p)->bringing);
    free ((*self_p)->handed);
    free (*self_p);
    *self_p = NULL;
}

//  What somebody cancelled is so for good once it is on disk.
static void
forget_unwritten (watch_t *self)
{
    store_t *store = broker_actor_store (self->world->broker);
    exception_t dead;
    for (size_t i = 0; i < self->ledger->promise_count; i++)
        for (size_t place = 0; place < self->ledger->asked_count; place++) {
            const promise_t *promise = self->ledger->promises [i];
            experience_t *had = &self->ledger->promises [i]->experiences [place];
            had->is_cancelled =
                had->is_cancelled &&
                model_find_dead (store, promise->event->id,
                                 self->ledger->asked [place].subscription->id, &dead);
        }
}

void
watch_begun (watch_t *self)
{
    forget_unwritten (self);
    self->handed_count = self->teller_count = 0;
    memset (self->policies, 0, sizeof self->policies);
    watch_workers_begun (self->workers);
    watch_settled_begun (self->settled);
    watch_bringing_begun (self->bringing);
}

void
watch_take_back (watch_t *self, size_t index)
{
    self->handed [index] = self->handed [--self->handed_count];
}

size_t
watch_find (const watch_t *self, lease_id_t lease, session_id_t session)
{
    size_t i = 0;
    while (i < self->handed_count &&
           (self->handed [i].lease != lease || self->handed [i].session != session))
        i++;
    return i;
}

teller_t *
watch_teller (watch_t *self, session_id_t session)
{
    for (size_t i = 0; i < self->teller_count; i++)
        if (self->tellers [i].session == session)
            return &self->tellers [i];
    if (self->teller_count == WORLD_SESSIONS)
        memmove (self->tellers, self->tellers + 1, --self->teller_count * sizeof *self->tellers);
    teller_t *teller = &self->tellers [self->teller_count++];
    *teller = (teller_t){.session = session};
    return teller;
}

//  ---- What it hears

static void
doubt_late (watch_t *self, int64_t now_ms)
{
    for (size_t i = 0; i < self->handed_count; i++)
        self->handed [i].is_doubtful |= self->handed [i].deadline_ms <= now_ms;
}

void
watch_forget_sessions (watch_t *self)
{
    session_id_t living [WORLD_SESSIONS];
    size_t count = broker_actor_sessions (self->world->broker, living);
    for (size_t i = self->handed_count; i-- > 0;) {
        size_t n = 0;
        while (n < count && living [n] != self->handed [i].session)
            n++;
        if (n == count)
            watch_take_back (self, i);
    }
}

//  What is said of one of a batch, the others of it remember. false: it was the last.
static bool
tell_batch (watch_t *self, const handed_t *ended)
{
    bool has_others = false;
    for (size_t i = 0; i < self->handed_count; i++) {
        handed_t *other = &self->handed [i];
        if (ended->batch == 0 || other->batch != ended->batch || other->session != ended->session)
            continue;
        other->has_ok |= ended->has_ok;
        other->has_word |= ended->has_word;
        other->disables |= ended->disables;
        has_others = true;
    }
    return has_others;
}

//  A request has ended.
static void
judge (watch_t *self, const handed_t *ended, int64_t now_ms)
{
    size_t place = ended->place;
    if (ended->disables)
        policy_stop (self->policies, self->ledger, place);
    else if (ended->has_word)
        policy_settled (&self->policies [place], self->ledger->asked [place].subscription,
                        !ended->has_ok, ended->is_probe, now_ms);
}

static void
hear_settle (watch_t *self, session_id_t session, const settle_t *settle, int64_t now_ms)
{
    size_t i = watch_find (self, settle->lease, session);
    if (i == self->handed_count)
        return;  //  stale, or said before
    const handed_t *handed = &self->handed [i];
    handed->promise->experiences [handed->place].suspicions = 0;
    handed_t ended = *handed;
    ended.has_ok |= settle->outcome == OUTCOME_OK || settle->outcome == OUTCOME_FAIL;
    ended.has_word |= settle->outcome != OUTCOME_SKIP;
    ended.disables |= settle->disables;
    watch_take_back (self, i);
    if (!tell_batch (self, &ended))
        judge (self, &ended, now_ms);
}

//  Whoever has it has nothing any more, whatever is still said of it.
static void
hear_cancel (watch_t *self, const input_t *input)
{
    size_t place = ledger_place (self->ledger, input->cancel.subscription);
    for (size_t i = self->handed_count; i-- > 0;) {
        const handed_t *handed = &self->handed [i];
        if (handed->place == place && handed->promise->seq == input->cancel.seq &&
            handed->promise->partition == input->cancel.partition)
            watch_take_back (self, i);
    }
}

static void
hear_release (watch_t *self, const input_t *input)
{
    for (size_t i = 0; i < input->release.count; i++) {
        size_t index = watch_find (self, input->release.leases [i], input->session);
        if (index < self->handed_count)
            watch_take_back (self, index);
    }
}

static bool
is_listed (const lease_id_t *leases, size_t count, lease_id_t lease)
{
    size_t i = 0;
    while (i < count && leases [i] != lease)
        i++;
    return i < count;
}

//  What a worker does not name although it must have it never reached it.
static void
hear_alive (watch_t *self, const input_t *input, int64_t now_ms)
{
    teller_t *teller = watch_teller (self, input->session);
    teller->tells_begun = input->alive.tells_begun;
    int64_t long_ago_ms = now_ms - LOST_HEARTBEATS * WORLD_HEARTBEAT_MS;
    for (size_t i = self->handed_count; i-- > 0;) {
        handed_t *handed = &self->handed [i];
        if (handed->session != input->session)
            continue;
        handed->is_begun |= is_listed (input->alive.begun, input->alive.begun_count, handed->lease);
        handed->is_named = is_listed (input->alive.leases, input->alive.count, handed->lease);
        if (handed->is_named)
            continue;
        handed->is_doubtful |= handed->sent_ms < long_ago_ms;
        if (handed->number <= input->alive.received)
            watch_take_back (self, i);
    }
}

//  Its connection broke: what it may have been at work on is suspect.
static void
hear_gone (watch_t *self, session_id_t session)
{
    teller_t *teller = watch_teller (self, session);
    for (size_t i = self->handed_count; i-- > 0;) {
        const handed_t *handed = &self->handed [i];
        if (handed->session != session)
            continue;
        bool is_idle = teller->tells_begun && !handed->is_begun && handed->is_named;
        experience_t *had = &handed->promise->experiences [handed->place];
        if (!is_idle && !teller->is_leaving && ++had->suspicions >= POISON_CRASHES)
            had->was_poison = true;
        watch_take_back (self, i);
    }
}

void
watch_brought (watch_t *self, session_id_t session, const char *id, const brought_t *brought)
{
    watch_bringing_brought (self->bringing, session, id, brought);
}

//  What a worker brings is asked for when it is taken; what of it was on disk counts after a restart.
static bool
note_brought (watch_t *self, const subscription_t *subscription)
{
    bool is_brought = subscription && subscription->brought.by;
    if (is_brought)
        ledger_ask (self->ledger, subscription);
    return is_brought;
}

void
watch_heard (watch_t *self, const input_t *input, int64_t now_ms)
{
    doubt_late (self, now_ms);
    watch_workers_heard (self->workers, input);
    if (input->session) {
        watch_forget_sessions (self);
        if (watch_teller (self, input->session)->peer != input->peer)
            return;  //  the broker says RESET
    }
    watch_settled_heard (self->settled, input);
    watch_bringing_heard (self->bringing, input, now_ms);
    switch (input->kind) {
        case INPUT_SETTLE:
            for (size_t i = 0; i < input->settle.count; i++)
                hear_settle (self, input->session, &input->settle.settles [i], now_ms);
            break;
        case INPUT_RELEASE: hear_release (self, input); break;
        case INPUT_CANCEL: hear_cancel (self, input); break;
        case INPUT_ALIVE: hear_alive (self, input, now_ms); break;
        case INPUT_GONE: hear_gone (self, input->session); break;
        case INPUT_BYE: watch_teller (self, input->session)->is_leaving = true; break;
        case INPUT_BRING:
            if (note_brought (self, input->bring.subscription))
                policy_changed (self->policies, self->ledger, input->bring.subscription, false);
            break;
        case INPUT_SUBSCRIBE:
            note_brought (self, input->subscribe.subscription);
            if (!input->subscribe.subscription->is_broadcast)  //  it delivers nothing
                policy_changed (self->policies, self->ledger, input->subscribe.subscription,
                                input->subscribe.is_loaded);
            break;
        case INPUT_UNSUBSCRIBE:
            policy_ended (self->policies, self->ledger, input->unsubscribe.id);
            break;
        default: break;
    }
}

//  It has ended with the last who brought it, or was deleted; it may come again.
static void
forget (watch_t *self, const char *subscription)
{
    size_t place = ledger_place (self->ledger, subscription);
    ledger_end (self->ledger, subscription);
    policy_ended (self->policies, self->ledger, subscription);
    watch_settled_ended (self->settled, subscription);
    for (size_t i = self->handed_count; i-- > 0;)
        if (self->handed [i].place == place)
            watch_take_back (self, i);
}

void
watch_looked (watch_t *self, int64_t now_ms)
{
    bool has_gone [LUGGAGE_MOST];
    char id [8];
    watch_bringing_look (self->bringing, has_gone, now_ms);
    for (int i = 0; i < LUGGAGE_MOST; i++) {
        if (!has_gone [i])
            continue;
        snprintf (id, sizeof id, "V%d", i);
        forget (self, id);
    }
}

bool
watch_is_settled (const watch_t *self)
{
    return watch_bringing_is_settled (self->bringing);
}
