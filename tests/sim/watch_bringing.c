#include "tests/sim/watch_bringing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/luggage.h"
#include "tests/sim/state.h"

enum { GONE_HEARTBEATS = 3 };  //  as PROTOCOL.md has it

//  What is known of one.
typedef struct {
    bool exists;
    int64_t revision;
    bool keep;
} truth_t;

typedef struct {
    char id [8];
    truth_t now;
    truth_t kept;      //  what is on disk, if is_kept
    bool is_kept;      //  nothing of it has changed since all was written
    bool is_promised;  //  it is on disk: what comes from now on it must deliver
    session_id_t bringers [WORLD_SESSIONS];
    size_t bringer_count;
    bool is_deleted;                    //  by somebody, in this step
    int64_t due_ms;                     //  it goes then, not earlier; INT64_MAX: it stays
    int64_t since [LEDGER_PARTITIONS];  //  what is not above these was there before it was made
} brought_one_t;

struct watch_bringing {
    world_t *world;
    brought_one_t ones [LUGGAGE_MOST];
    int32_t tenures;   //  partitions that the broker has; with all of them it has loaded its store,
    bool is_compared;  //  and that was compared with what must be on disk
};

watch_bringing_t *
watch_bringing_new (world_t *world)
{
    watch_bringing_t *self = ALLOCATE (watch_bringing_t);
    self->world = world;
    for (int i = 0; i < LUGGAGE_MOST; i++) {
        snprintf (self->ones [i].id, sizeof self->ones [i].id, "V%d", i);
        self->ones [i].due_ms = INT64_MAX;
        self->ones [i].is_kept = true;
    }
    return self;
}

void
watch_bringing_destroy (watch_bringing_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

static brought_one_t *
one_of (watch_bringing_t *self, const char *id)
{
    for (int i = 0; i < LUGGAGE_MOST; i++)
        if (strcmp (self->ones [i].id, id) == 0)
            return &self->ones [i];
    return NULL;
}

//  ---- what it hears

//  Of what was not on disk nobody knows whether it is.
void
watch_bringing_begun (watch_bringing_t *self)
{
    self->tenures = 0;
    self->is_compared = false;
    for (int i = 0; i < LUGGAGE_MOST; i++) {
        brought_one_t *one = &self->ones [i];
        one->now = (truth_t){.exists = false};
        one->bringer_count = 0;
        one->due_ms = INT64_MAX;
        if (!one->is_kept)
            memset (one->since, 0, sizeof one->since);
    }
}

//  Those which a client was told of: it is after them, at least.
static void
begin_after_known (const watch_bringing_t *self, brought_one_t *one)
{
    const ledger_t *ledger = self->world->ledger;
    memset (one->since, 0, sizeof one->since);
    for (size_t i = 0; i < ledger->promise_count; i++) {
        const promise_t *promise = ledger->promises [i];
        if (promise->confirmed_ms > 0 && promise->seq > one->since [promise->partition])
            one->since [promise->partition] = promise->seq;
    }
}

static void
change (brought_one_t *one, const brought_t *brought)
{
    one->now = (truth_t){.exists = true, .revision = brought->revision, .keep = brought->keep};
    one->is_kept = false;
}

void
watch_bringing_brought (watch_bringing_t *self, session_id_t session, const char *id,
                        const brought_t *brought)
{
    brought_one_t *one = one_of (self, id);
    if (!one->now.exists)
        begin_after_known (self, one);
    if (!one->now.exists || brought->revision > one->now.revision)
        change (one, brought);
    if (one->bringer_count < WORLD_SESSIONS)
        one->bringers [one->bringer_count++] = session;
    one->due_ms = INT64_MAX;
}

static void
load (brought_one_t *one, const subscription_t *subscription, int64_t now_ms)
{
    const brought_t *brought = &subscription->brought;
    one->now = (truth_t){.exists = true, .revision = brought->revision, .keep = brought->keep};
    if (!brought->keep)
        one->due_ms = now_ms + GONE_HEARTBEATS * WORLD_HEARTBEAT_MS + WORLD_GRACE_MS;
}

void
watch_bringing_heard (watch_bringing_t *self, const input_t *input, int64_t now_ms)
{
    brought_one_t *one = NULL;
    if (input->kind == INPUT_SUBSCRIBE && input->subscribe.is_loaded)
        one = one_of (self, input->subscribe.subscription->id);
    if (one)
        load (one, input->subscribe.subscription, now_ms);
    if (input->kind == INPUT_UNSUBSCRIBE && (one = one_of (self, input->unsubscribe.id)))
        one->is_deleted = one->now.exists;
    self->tenures += input->kind == INPUT_TENURE_GAINED;
}

//  ---- what the broker has

//  Sessions also end in silence.
static void
forget_sessions (watch_bringing_t *self, brought_one_t *one, int64_t now_ms)
{
    session_id_t living [WORLD_SESSIONS];
    size_t count = broker_actor_sessions (self->world->broker, living), left = 0;
    for (size_t i = 0; i < one->bringer_count; i++) {
        size_t n = 0;
        while (n < count && living [n] != one->bringers [i])
            n++;
        if (n < count)
            one->bringers [left++] = one->bringers [i];
    }
    if (one->bringer_count > 0 && left == 0 && !one->now.keep)
        one->due_ms = now_ms + GONE_HEARTBEATS * WORLD_HEARTBEAT_MS;
    one->bringer_count = left;
}

static bool
is_loaded (const watch_bringing_t *self)
{
    return self->tenures == broker_actor_partitions (self->world->broker);
}

static void
compare_loaded (const watch_bringing_t *self, const brought_one_t *one)
{
    if (one->is_kept && one->kept.exists != one->now.exists)
        world_fail (self->world, "%s %s after a restart", one->id,
                    one->kept.exists ? "is missing" : "is there again");
    else if (one->is_kept && one->kept.exists && one->kept.revision != one->now.revision)
        world_fail (self->world, "%s has revision %lld after a restart, it had %lld", one->id,
                    (long long)one->now.revision, (long long)one->kept.revision);
}

static void
compare (const watch_bringing_t *self, const brought_one_t *one, const subscription_t *there)
{
    const brought_t *brought = &there->brought;
    if (!one->now.exists)
        world_fail (self->world, "%s is there, and nobody has brought it", one->id);
    else if (one->is_deleted)
        world_fail (self->world, "%s is there, and somebody has deleted it", one->id);
    else if (brought->revision != one->now.revision || brought->keep != one->now.keep)
        world_fail (self->world, "%s has revision %lld%s, and should have %lld%s", one->id,
                    (long long)brought->revision, brought->keep ? ", kept" : "",
                    (long long)one->now.revision, one->now.keep ? ", kept" : "");
}

//  It is gone.
static void
end (const watch_bringing_t *self, brought_one_t *one, int64_t now_ms)
{
    if (!one->is_deleted && one->bringer_count > 0)
        world_fail (self->world, "%s is gone, and who has brought it is not", one->id);
    else if (!one->is_deleted && one->now.keep)
        world_fail (self->world, "%s is gone, and was to be kept", one->id);
    else if (!one->is_deleted && now_ms < one->due_ms)
        world_fail (self->world, "%s is gone %lld ms too early", one->id,
                    (long long)(one->due_ms - now_ms));
    one->is_kept = one->is_promised = one->is_deleted = one->now.exists = false;
    one->bringer_count = 0;
    one->due_ms = INT64_MAX;
}

//  All that it is, is on disk: what comes from now on it must deliver, while it is there.
static void
note_kept (const watch_bringing_t *self, brought_one_t *one)
{
    one->kept = one->now;
    one->is_kept = true;
    asked_t *asked = ledger_find (self->world->ledger, one->id);
    if (!one->now.exists || one->is_promised)
        return;
    one->is_promised = true;
    asked->is_ending = false;
    for (int32_t i = 0; i < broker_actor_partitions (self->world->broker); i++)
        asked->high_seqs [i] = broker_actor_last_seq (self->world->broker, i);
}

//  Whether it has gone.
static bool
look_at (watch_bringing_t *self, brought_one_t *one, int64_t now_ms)
{
    forget_sessions (self, one, now_ms);
    if (!is_loaded (self))
        return false;
    if (!self->is_compared)
        compare_loaded (self, one);
    const subscription_t *there = broker_actor_subscription (self->world->broker, one->id);
    if (there)
        compare (self, one, there);
    bool is_gone = !there && one->now.exists;
    if (is_gone)
        end (self, one, now_ms);
    if (broker_actor_has_written_all (self->world->broker))
        note_kept (self, one);
    return is_gone;
}

void
watch_bringing_look (watch_bringing_t *self, bool has_gone [LUGGAGE_MOST], int64_t now_ms)
{
    for (int i = 0; i < LUGGAGE_MOST; i++)
        has_gone [i] = self->world->brought [i] && look_at (self, &self->ones [i], now_ms);
    self->is_compared = is_loaded (self);
}

void
watch_bringing_said (watch_bringing_t *self, const effect_t *effect)
{
    if (effect->kind != EFFECT_DELIVER)
        return;
    const event_t *event = effect->deliver.event;
    const brought_one_t *one = one_of (self, effect->deliver.subscription->id);
    if (one && event->seq <= one->since [event->partition])
        world_fail (self->world, "%s goes out for %s, and was there before it", event->id, one->id);
}

bool
watch_bringing_is_settled (const watch_bringing_t *self)
{
    for (int i = 0; i < LUGGAGE_MOST; i++)
        if (self->ones [i].now.exists && self->ones [i].due_ms < INT64_MAX)
            return false;
    return true;
}
