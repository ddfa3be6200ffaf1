/*  watch_said – what the broker says: whether it may. */
#include "proto/model/allocate.h"
#include "tests/sim/model.h"
#include "tests/sim/watch_bursts.h"
#include "tests/sim/watch_state.h"

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
        size_t index = watch_find (self, effect->cancel.leases [i], effect->session);
        if (index == self->handed_count)
            continue;
        const handed_t *handed = &self->handed [index];
        if (self->ledger->asked [handed->place].subscription->order == ORDER_KEY &&
            effect->reason == REASON_DELIVERED)
            world_fail (self->world, "%s ends while a worker has it, and its key goes on",
                        handed->promise->event->id);
        watch_take_back (self, index);
    }
}

void
watch_said (watch_t *self, const effect_t *effect, int64_t now_ms)
{
    watch_workers_said (self->workers, effect);
    watch_settled_said (self->settled, effect);
    watch_bringing_said (self->bringing, effect);
    if (effect->kind == EFFECT_WELCOME)
        watch_teller (self, effect->session)->peer = effect->peer;
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
    watch_forget_sessions (self);
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
