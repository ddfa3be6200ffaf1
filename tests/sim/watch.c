#include "tests/sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/model.h"
#include "tests/sim/state.h"
#include "tests/sim/watch_bursts.h"
#include "tests/sim/watch_policy.h"
#include "tests/sim/watch_settled.h"
#include "tests/sim/watch_workers.h"

//  As PROTOCOL.md has them.
enum { LOST_HEARTBEATS = 3, POISON_CRASHES = 3 };

//  Somebody has a delivery.
typedef struct {
    lease_id_t lease;
    session_id_t session;
    uint64_t number;
    uint64_t batch;  //  0: it went alone
    size_t place;    //  of the subscription in the ledger
    promise_t *promise;
    int64_t sent_ms, deadline_ms;
    bool is_begun;     //  its worker says that it is at work on it
    bool is_probe;     //  the breaker was open
    bool has_ok;       //  others of its batch have been taken, or refused for good
    bool has_word;     //  of a consumer: not all of it was skipped
    bool disables;     //  the consumer said 410 to others of its batch
    bool is_doubtful;  //  overdue: taken back, unless the broker was itself asleep and is lenient
} handed_t;

//  What a worker has told with its heartbeats.
typedef struct {
    session_id_t session;
    peer_t peer;  //  it was welcomed at this connection, and is a stranger at others
    bool tells_begun, is_leaving;
    int64_t told_ms;
} teller_t;

struct watch {
    world_t *world;
    ledger_t *ledger;
    handed_t *handed;
    size_t handed_count, handed_room;
    teller_t tellers [WORLD_SESSIONS];
    size_t teller_count;
    policy_t policies [LEDGER_SUBSCRIPTIONS];
    watch_workers_t *workers;
    watch_settled_t *settled;
};

watch_t *
watch_new (world_t *world)
{
    watch_t *self = ALLOCATE (watch_t);
    self->world = world;
    self->ledger = world->ledger;
    self->workers = watch_workers_new (world);
    self->settled = watch_settled_new (world);
    return self;
}

void
watch_destroy (watch_t **self_p)
{
    if (!*self_p)
        return;
    watch_workers_destroy (&(*self_p)->workers);
    watch_settled_destroy (&(*self_p)->settled);
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
}

static void
take_back (watch_t *self, size_t index)
{
    self->handed [index] = self->handed [--self->handed_count];
}

//  handed_count: none.
static size_t
find (const watch_t *self, lease_id_t lease, session_id_t session)
{
    size_t i = 0;
    while (i < self->handed_count &&
           (self->handed [i].lease != lease || self->handed [i].session != session))
        i++;
    return i;
}

static teller_t *
teller_of (watch_t *self, session_id_t session)
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

//  Sessions also end in silence: their leases with them.
static void
forget_sessions (watch_t *self)
{
    session_id_t living [WORLD_SESSIONS];
    size_t count = broker_actor_sessions (self->world->broker, living);
    for (size_t i = self->handed_count; i-- > 0;) {
        size_t n = 0;
        while (n < count && living [n] != self->handed [i].session)
            n++;
        if (n == count)
            take_back (self, i);
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
    size_t i = find (self, settle->lease, session);
    if (i == self->handed_count)
        return;  //  stale, or said before
    const handed_t *handed = &self->handed [i];
    handed->promise->experiences [handed->place].suspicions = 0;
    handed_t ended = *handed;
    ended.has_ok |= settle->outcome == OUTCOME_OK || settle->outcome == OUTCOME_FAIL;
    ended.has_word |= settle->outcome != OUTCOME_SKIP;
    ended.disables |= settle->disables;
    take_back (self, i);
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
            take_back (self, i);
    }
}

static void
hear_release (watch_t *self, const input_t *input)
{
    for (size_t i = 0; i < input->release.count; i++) {
        size_t index = find (self, input->release.leases [i], input->session);
        if (index < self->handed_count)
            take_back (self, index);
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
    teller_t *teller = teller_of (self, input->session);
    teller->tells_begun = input->alive.tells_begun;
    teller->told_ms = now_ms;
    int64_t long_ago_ms = now_ms - LOST_HEARTBEATS * WORLD_HEARTBEAT_MS;
    for (size_t i = self->handed_count; i-- > 0;) {
        handed_t *handed = &self->handed [i];
        if (handed->session != input->session)
            continue;
        handed->is_begun |= is_listed (input->alive.begun, input->alive.begun_count, handed->lease);
        if (is_listed (input->alive.leases, input->alive.count, handed->lease))
            continue;
        handed->is_doubtful |= handed->sent_ms < long_ago_ms;
        if (handed->number <= input->alive.received)
            take_back (self, i);
    }
}

//  Its connection broke: what it may have been at work on is suspect.
static void
hear_gone (watch_t *self, session_id_t session)
{
    teller_t *teller = teller_of (self, session);
    for (size_t i = self->handed_count; i-- > 0;) {
        const handed_t *handed = &self->handed [i];
        if (handed->session != session)
            continue;
        bool is_idle =
            teller->tells_begun && !handed->is_begun && handed->sent_ms < teller->told_ms;
        experience_t *had = &handed->promise->experiences [handed->place];
        if (!is_idle && !teller->is_leaving && ++had->suspicions >= POISON_CRASHES)
            had->was_poison = true;
        take_back (self, i);
    }
}

void
watch_heard (watch_t *self, const input_t *input, int64_t now_ms)
{
    doubt_late (self, now_ms);
    watch_workers_heard (self->workers, input);
    if (input->session) {
        forget_sessions (self);
        if (teller_of (self, input->session)->peer != input->peer)
            return;  //  the broker says RESET
    }
    watch_settled_heard (self->settled, input);
    switch (input->kind) {
        case INPUT_SETTLE:
            for (size_t i = 0; i < input->settle.count; i++)
                hear_settle (self, input->session, &input->settle.settles [i], now_ms);
            break;
        case INPUT_RELEASE: hear_release (self, input); break;
        case INPUT_CANCEL: hear_cancel (self, input); break;
        case INPUT_ALIVE: hear_alive (self, input, now_ms); break;
        case INPUT_GONE: hear_gone (self, input->session); break;
        case INPUT_BYE: teller_of (self, input->session)->is_leaving = true; break;
        case INPUT_SUBSCRIBE:
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

//  ---- What it says

//  Whether one of its batch stands before it.
static bool
is_counted (const watch_t *self, size_t index)
{
    const handed_t *handed = &self->handed [index];
    for (size_t i = 0; handed->batch > 0 && i < index; i++)
        if (self->handed [i].batch == handed->batch && !self->handed [i].is_doubtful)
            return true;
    return false;
}

//  Other requests that are under way for this subscription; and none is of this event, or its key.
static int32_t
count_others (watch_t *self, size_t place, const promise_t *promise, uint64_t batch)
{
    const subscription_t *subscription = self->ledger->asked [place].subscription;
    int32_t others = 0;
    for (size_t i = 0; i < self->handed_count; i++) {
        const handed_t *other = &self->handed [i];
        if (other->place != place || other->is_doubtful)
            continue;
        others += (batch == 0 || other->batch != batch) && !is_counted (self, i);
        if (other->promise == promise)
            world_fail (self->world, "%s: %s goes out while another has it", subscription->id,
                        promise->event->id);
        else if (subscription->order == ORDER_KEY && other->promise->key == promise->key)
            world_fail (self->world, "%s: %s goes out while %s, of its key, is under way",
                        subscription->id, promise->event->id, other->promise->event->id);
    }
    return others;
}

//  How many of this batch went before; they go to one worker, and are of one subscription.
static int32_t
count_batch (watch_t *self, size_t place, const effect_t *effect)
{
    const subscription_t *subscription = self->ledger->asked [place].subscription;
    uint64_t batch = effect->deliver.batch;
    int32_t count = 0;
    for (size_t i = 0; batch > 0 && i < self->handed_count; i++) {
        const handed_t *other = &self->handed [i];
        if (other->batch != batch)
            continue;
        count++;
        if (other->place != place || other->session != effect->session)
            world_fail (self->world, "%s: batch %llu has what is not its own", subscription->id,
                        (unsigned long long)batch);
        if (other->promise->event->partition == effect->deliver.event->partition &&
            other->promise->event->seq > effect->deliver.event->seq)
            world_fail (self->world, "%s: batch %llu is not in the order of the log",
                        subscription->id, (unsigned long long)batch);
    }
    if (batch > 0 && count >= subscription->batch.max_events)
        world_fail (self->world, "%s: batch %llu is too large", subscription->id,
                    (unsigned long long)batch);
    return count;
}

static void
hand_out (watch_t *self, const handed_t *handed)
{
    if (self->handed_count == self->handed_room) {
        self->handed_room = self->handed_room ? 2 * self->handed_room : 64;
        self->handed = allocate_again (self->handed, self->handed_room, sizeof *self->handed);
    }
    self->handed [self->handed_count++] = *handed;
}

//  How often its attempts may have begun to count anew: somebody redrove it, or it went well and there
//  was no room for what came of it.
static int32_t
put_back (const asked_t *asked, const experience_t *had)
{
    return had->redrives + (asked->subscription->emit.type ? had->oks : 0);
}

//  What is asked has not happened: nothing of it is stored.
static void
object_to_questions (watch_t *self, const effect_t *effect)
{
    for (size_t i = 0; i < effect->append.count; i++)
        if (effect->append.events [i]->phase == PHASE_PRE)
            world_fail (self->world, "%s, a question, is stored", effect->append.events [i]->id);
}

//  Whoever has it is told that it has ended. The next of its key could be faster than that word.
static void
note_cancelled (watch_t *self, const effect_t *effect)
{
    for (size_t i = 0; i < effect->cancel.count; i++) {
        size_t index = find (self, effect->cancel.leases [i], effect->session);
        if (index == self->handed_count)
            continue;
        const handed_t *handed = &self->handed [index];
        if (self->ledger->asked [handed->place].subscription->order == ORDER_KEY &&
            effect->reason == REASON_DELIVERED)
            world_fail (self->world, "%s ends while a worker has it, and its key goes on",
                        handed->promise->event->id);
        take_back (self, index);
    }
}

void
watch_said (watch_t *self, const effect_t *effect, int64_t now_ms)
{
    watch_workers_said (self->workers, effect);
    watch_settled_said (self->settled, effect);
    if (effect->kind == EFFECT_WELCOME)
        teller_of (self, effect->session)->peer = effect->peer;
    if (effect->kind == EFFECT_SAVE)
        watch_bursts_look (self->world, effect);
    if (effect->kind == EFFECT_APPEND)
        object_to_questions (self, effect);
    if (effect->kind == EFFECT_CANCEL)
        note_cancelled (self, effect);
    if (effect->kind != EFFECT_DELIVER)
        return;
    const event_t *event = effect->deliver.event;
    if (event->phase == PHASE_PRE) {
        questions_put (self->world->questions, effect);
        return;
    }
    size_t place = ledger_place (self->ledger, effect->deliver.subscription->id);
    promise_t *promise = model_promise (self->world, event);
    if (!promise)
        return;  //  the checker says it
    forget_sessions (self);
    if (promise->experiences [place].is_cancelled)
        world_fail (self->world, "%s goes out, which was cancelled", event->id);
    const asked_t *asked = &self->ledger->asked [place];
    policy_t *policy = &self->policies [place];
    policy_sending_t sending = {.event = event,
                                .attempt = effect->deliver.attempt,
                                .redrives = put_back (asked, &promise->experiences [place]),
                                .others =
                                    count_others (self, place, promise, effect->deliver.batch),
                                .is_more = count_batch (self, place, effect) > 0,
                                .now_ms = now_ms};
    const char *objection = policy_objection (policy, asked->subscription, &sending);
    if (objection)
        world_fail (self->world, "%s: %s goes out, %s", asked->subscription->id, event->id,
                    objection);
    if (!sending.is_more)
        policy_sent (policy);
    hand_out (self, &(handed_t){.lease = effect->deliver.lease,
                                .session = effect->session,
                                .number = effect->deliver.number,
                                .batch = effect->deliver.batch,
                                .place = place,
                                .promise = promise,
                                .sent_ms = now_ms,
                                .deadline_ms = now_ms + effect->deliver.deadline_ms,
                                .is_probe = policy_is_broken (policy)});
}
