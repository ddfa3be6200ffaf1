#include "tests/sim/questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "tests/sim/broker_actor.h"
#include "tests/sim/state.h"

enum { ASKED_MOST = 8, OPEN_MOST = 64, FIRST_REQUEST = 1 << 24, WITHIN_MS = 1500 };

//  One that is to be asked.
typedef struct {
    char id [32];
    decision_t on_silence;
    bool was_answered;  //  a worker has settled it; whether that was heard is not known
} whom_t;

typedef struct {
    char id [24];
    uint64_t request;
    int64_t asked_ms;  //  by the broker's clock
    bool may_be_late;  //  the broker stood still meanwhile
    whom_t whom [ASKED_MOST];
    size_t count;
} question_t;

struct questions {
    world_t *world;
    question_t open [OPEN_MOST];
    size_t open_count;
    uint64_t asked;  //  so far
    size_t decided [DECISION_DENY + 1];
};

questions_t *
questions_new (world_t *world)
{
    questions_t *self = ALLOCATE (questions_t);
    self->world = world;
    return self;
}

void
questions_destroy (questions_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

size_t
questions_open (const questions_t *self)
{
    return self->open_count;
}

size_t
questions_count (const questions_t *self, decision_t decision)
{
    return self->decided [decision];
}

//  ---- what is said

typedef enum { SAYS_ALLOW, SAYS_CHANGE, SAYS_DENY, SAYS_NOTHING, SAYS_NONSENSE, SAYINGS } saying_t;

static saying_t
saying_of (const char *subscription, const char *question)
{
    uint32_t hash = 2166136261U;
    for (const char *at = subscription; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    for (const char *at = question; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    return (saying_t)((hash >> 8) % SAYINGS);
}

void
questions_word (const char *subscription, const event_t *event, char word [QUESTIONS_WORD])
{
    static const char *const forms [SAYINGS] = {
        [SAYS_ALLOW] = "{\"decision\":\"allow\"}",
        [SAYS_CHANGE] = "{\"decision\":\"allow\",\"object\":{\"%.10s\":1,\"last\":\"%.10s\"}}",
        [SAYS_DENY] = "{\"decision\":\"deny\",\"reason\":\"%.10s\"}",
        [SAYS_NOTHING] = "",
        [SAYS_NONSENSE] = "%.10s",
    };
    snprintf (word, QUESTIONS_WORD, forms [saying_of (subscription, event->id)], subscription,
              subscription);
}

static question_t *
find (questions_t *self, const char *id)
{
    for (size_t i = 0; i < self->open_count; i++)
        if (strcmp (self->open [i].id, id) == 0)
            return &self->open [i];
    return NULL;
}

static whom_t *
find_whom (question_t *question, const char *subscription)
{
    for (size_t i = 0; question && i < question->count; i++)
        if (strcmp (question->whom [i].id, subscription) == 0)
            return &question->whom [i];
    return NULL;
}

void
questions_answered (questions_t *self, const char *subscription, const event_t *event)
{
    whom_t *whom = find_whom (find (self, event->id), subscription);
    if (whom)
        whom->was_answered = true;
}

void
questions_put (questions_t *self, const effect_t *deliver)
{
    const char *subscription = deliver->deliver.subscription->id;
    const event_t *event = deliver->deliver.event;
    if (!find_whom (find (self, event->id), subscription))
        world_fail (self->world, "%s is asked about %s, which it need not be", subscription,
                    event->id);
}

//  ---- a question

static int
compare (const void *a, const void *b)
{
    return strcmp (((const whom_t *)a)->id, ((const whom_t *)b)->id);
}

//  Those that the broker has now, and that nothing stops.
static void
find_all (questions_t *self, question_t *question)
{
    const ledger_t *ledger = self->world->ledger;
    for (size_t i = 0; i < ledger->asked_count && question->count < ASKED_MOST; i++) {
        const char *id = ledger->asked [i].subscription->id;
        const subscription_t *now = broker_actor_subscription (self->world->broker, id);
        if (!now || !now->is_asked || now->is_paused || now->is_disabled || now->replay.id)
            continue;
        whom_t *whom = &question->whom [question->count++];
        snprintf (whom->id, sizeof whom->id, "%s", id);
        whom->on_silence = now->ask.on_silence;
    }
    qsort (question->whom, question->count, sizeof *question->whom, compare);
}

void
put_questions (world_t *world, int count)
{
    questions_t *self = world->questions;
    for (; count > 0 && broker_actor_is_awake (world->broker); count--) {
        if (self->open_count == OPEN_MOST)
            return;
        question_t *question = &self->open [self->open_count++];
        *question = (question_t){.request = FIRST_REQUEST + ++self->asked,
                                 .asked_ms = broker_actor_now (world->broker)};
        snprintf (question->id, sizeof question->id, "q%llu", (unsigned long long)self->asked);
        find_all (self, question);
        world_note (world, "%s is asked of %zu", question->id, question->count);
        event_t *event = event_new (&(event_t){.id = question->id,
                                               .type = "a",
                                               .subject = "/s",
                                               .time = "2026-01-01T00:00:00Z",
                                               .data = (const uint8_t *)"{}",
                                               .data_size = 2,
                                               .phase = PHASE_PRE,
                                               .partition = -1});
        input_t input = {.kind = INPUT_ASK, .request = question->request};
        input.ask.event = event;
        input.ask.timeout_ms = WITHIN_MS;
        broker_actor_ask (world->broker, &input);
        event_destroy (&event);
    }
}

//  ---- its answer

static const char *
judge_reply (const whom_t *whom, const reply_t *reply, const char *question)
{
    if (strcmp (whom->id, reply->subscription) != 0)
        return "with another's answer in its place";
    decision_t said = whom->on_silence;
    saying_t saying = saying_of (whom->id, question);
    if (reply->reason == REASON_ANSWERED) {
        if (!whom->was_answered)
            return "with an answer that nobody gave";
        if (saying == SAYS_NONSENSE)
            return "with nonsense as an answer";
        said = saying == SAYS_DENY ? DECISION_DENY : DECISION_ALLOW;
    }
    if (reply->reason == REASON_BAD_ANSWER && saying != SAYS_NONSENSE)
        return "with an answer that was not understood";
    return reply->opinion->decision == said ? NULL : "with another decision than was said";
}

//  The first that denies, by the rule in docs/pre-events.md; NULL: none does.
static const opinion_t *
denial_of (const effect_t *decide)
{
    for (size_t i = 0; i < decide->decide.count; i++)
        if (decide->decide.replies [i].opinion->decision == DECISION_DENY)
            return decide->decide.replies [i].opinion;
    return NULL;
}

static const char *
judge_denial (const opinion_t *opinion, const opinion_t *first)
{
    if (opinion->decision != DECISION_DENY)
        return "allowed although one denies";
    if (opinion->object)
        return "denied with changes";
    if (!first->reason || !opinion->reason || strcmp (first->reason, opinion->reason) != 0)
        return "denied for another's reason";
    return NULL;
}

static const char *
judge_changes (const effect_t *decide, const char *question)
{
    const opinion_t *opinion = decide->decide.opinion;
    const char *last = NULL;
    for (size_t i = 0; i < decide->decide.count; i++) {
        const reply_t *reply = &decide->decide.replies [i];
        if (reply->reason != REASON_ANSWERED ||
            saying_of (reply->subscription, question) != SAYS_CHANGE)
            continue;
        last = reply->subscription;
        if (!json_object_get (opinion->object, last))
            return "without a change that was asked for";
    }
    const char *kept = json_string_value (json_object_get (opinion->object, "last"));
    if (opinion->decision != DECISION_ALLOW)
        return "denied although nobody does";
    return last && (!kept || strcmp (kept, last) != 0) ? "with changes in another order" : NULL;
}

static const char *
judge (const question_t *question, const effect_t *decide, int64_t now_ms)
{
    if (!question->may_be_late && now_ms > question->asked_ms + WITHIN_MS)
        return "too late";
    if (decide->decide.status != STATUS_OK)
        return decide->decide.status == STATUS_FULL ? NULL : "not at all";
    if (decide->decide.count != question->count)
        return "by more, or fewer, than are to be asked";
    for (size_t i = 0; i < question->count; i++) {
        const char *fault =
            judge_reply (&question->whom [i], &decide->decide.replies [i], question->id);
        if (fault)
            return fault;
    }
    const opinion_t *first = denial_of (decide);
    return first ? judge_denial (decide->decide.opinion, first)
                 : judge_changes (decide, question->id);
}

void
questions_decided (questions_t *self, const effect_t *decide, int64_t now_ms)
{
    question_t *question = find (self, decide->decide.event->id);
    if (!question || question->request != decide->request) {
        world_fail (self->world, "%s is decided, which nobody asks", decide->decide.event->id);
        return;
    }
    const char *fault = judge (question, decide, now_ms);
    if (fault)
        world_fail (self->world, "%s is decided %s", question->id, fault);
    world_note (self->world, "%s: %s", question->id,
                decision_name (decide->decide.opinion->decision));
    self->decided [decide->decide.opinion->decision]++;
    *question = self->open [--self->open_count];
}

void
questions_late (questions_t *self)
{
    for (size_t i = 0; i < self->open_count; i++)
        self->open [i].may_be_late = true;
}

void
questions_lost (questions_t *self)
{
    self->open_count = 0;
}

void
expect_decided (world_t *self, int allowed, int denied)
{
    if ((int)self->questions->decided [DECISION_ALLOW] < allowed ||
        (int)self->questions->decided [DECISION_DENY] < denied)
        world_fail (self, "%zu were allowed and %zu denied",
                    self->questions->decided [DECISION_ALLOW],
                    self->questions->decided [DECISION_DENY]);
}
