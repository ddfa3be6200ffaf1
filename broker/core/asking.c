#include "broker/core/asking.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/draining.h"
#include "broker/core/offer.h"
#include "broker/core/session.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    DEATHS_MOST = 2,     //  workers that may die over one question: there is no time for more
    LOST_HEARTBEATS = 3  //  as of a delivery
};

//  One subscription that a question is put to.
struct asked {
    struct question *question;
    subscription_t *subscription;  //  ours: as it was when it was asked
    offer_t *offer;                //  what it wants, while it has not ended
    due_node_t deadline;           //  while it has not ended
    lease_id_t lease;              //  while a worker has it; 0: none
    session_t *session;            //  that worker
    uint64_t number;               //  of the session's deliveries
    uint64_t listed;               //  the heartbeat that last named it
    int64_t sent_ms;
    int deaths;            //  of workers that had it
    reason_t reason;       //  why it waits; ended: ANSWERED, or why it was silent
    bool has_ended;        //  opinion holds
    opinion_t opinion;     //  its own, or what its silence means
    char *error, *worker;  //  ours; NULL: none
    int64_t duration_ms;
    asked_t *prev, *next;    //  in core->unasked, while no worker has it
    asked_t *before, *then;  //  in session->asked
    UT_hash_handle hh;       //  by lease
};

typedef struct question {
    peer_t peer;
    uint64_t request;
    event_t *event;  //  ours
    status_t status;
    int64_t asked_ms;
    asked_t *asked;                //  ours, by subscription
    size_t count;                  //  of asked
    size_t open;                   //  of these, that have not ended
    opinion_t opinion;             //  when all have
    struct question *prev, *next;  //  in core->questions, or core->decided
} question_t;

static void
say (char **place, const char *text)
{
    free (*place);
    *place = text && *text ? allocate_copy (text) : NULL;
}

//  ---- with a worker, and back

static asked_t *
find (const core_t *core, const session_t *session, lease_id_t lease)
{
    asked_t *asked;
    HASH_FIND (hh, core->asked, &lease, sizeof lease, asked);
    return asked && asked->session == session ? asked : NULL;
}

//  Out of its worker's hands, or of the line of those that wait for one.
static void
part (core_t *core, asked_t *asked)
{
    session_t *session = asked->session;
    if (!session) {
        DL_DELETE (core->unasked, asked);
        return;
    }
    HASH_DEL (core->asked, asked);
    DL_DELETE2 (session->asked, asked, before, then);
    session->lease_count--;
    asked->session = NULL;
    asked->lease = 0;
    session_consider (core, session);
}

//  To another one, before those that were asked later.
static void
ask_again (core_t *core, asked_t *asked, reason_t reason)
{
    part (core, asked);
    asked->reason = reason;
    DL_PREPEND (core->unasked, asked);
    core->may_ask = true;
}

static void
give (core_t *core, session_t *session, asked_t *asked, effects_t *effects)
{
    const event_t *event = asked->question->event;
    DL_DELETE (core->unasked, asked);
    asked->session = session;
    asked->lease = ++core->last_lease;
    asked->number = session->sent + 1;
    asked->sent_ms = core->now_ms;
    say (&asked->worker, session->name);
    DL_APPEND2 (session->asked, asked, before, then);
    HASH_ADD (hh, core->asked, lease, sizeof asked->lease, asked);
    session_spend (core, session, asked->offer, event);

    effect_t *deliver = effects_add (effects, EFFECT_DELIVER, asked->reason);
    deliver->peer = session->peer;
    deliver->session = session->id;
    deliver->deliver.lease = asked->lease;
    deliver->deliver.number = asked->number;
    deliver->deliver.attempt = 1;
    deliver->deliver.deadline_ms = asked->deadline.due_ms - core->now_ms;
    deliver->deliver.subscription = asked->subscription;
    deliver->deliver.event = asked->question->event;
}

//  ---- ends

static void
end (core_t *core, asked_t *asked, reason_t reason)
{
    question_t *question = asked->question;
    part (core, asked);
    due_queue_remove (&core->due, &asked->deadline);
    asked->offer->questions--;
    offer_leave (core, asked->offer);
    asked->has_ended = true;
    asked->reason = reason;
    asked->duration_ms = core->now_ms - question->asked_ms;
    core->awaited--;
    question->open--;
    core->may_ask = true;  //  perhaps it was the last, and the question is decided
}

static void
end_silent (core_t *core, asked_t *asked, reason_t reason, const char *error)
{
    end (core, asked, reason);
    asked->opinion = (opinion_t){.decision = asked->subscription->ask.on_silence};
    say (&asked->error, error && *error ? error : reason_text (reason));
    if (asked->opinion.decision == DECISION_DENY)
        say (&asked->opinion.reason, asked->error);
}

void
asking_wake (core_t *core, asked_t *asked)
{
    if (core->now_ms < core->lenient_ms) {
        due_queue_put (&core->due, &asked->deadline, core->lenient_ms);
        return;
    }
    bool has_workers = asked->offer->sessions > 0;
    bool is_drained = draining_is_all_of (asked->offer);
    end_silent (core, asked,
                asked->session ? REASON_LATE
                : is_drained   ? REASON_DRAINING
                : has_workers  ? REASON_NO_CREDIT
                               : REASON_NO_WORKER,
                NULL);
}

bool
asking_settle (core_t *core, session_t *session, const settle_t *settle, effects_t *effects)
{
    asked_t *asked = find (core, session, settle->lease);
    if (!asked)
        return false;
    problem_t problem = {0};
    opinion_t opinion;
    if (settle->outcome != OUTCOME_OK && core->now_ms >= asked->deadline.due_ms)
        end_silent (core, asked, REASON_LATE, NULL);  //  its worker has seen it pass as well
    else if (settle->outcome != OUTCOME_OK)
        end_silent (core, asked, REASON_FAILED, settle->error);
    else if (opinion_read (&opinion, settle->result ? settle->result : "", &problem) == STATUS_OK) {
        end (core, asked, REASON_ANSWERED);
        asked->opinion = opinion;
    }
    else
        end_silent (core, asked, REASON_BAD_ANSWER, problem.text);

    lease_id_t *lease = arena_take (&effects->arena, sizeof *lease);
    *lease = settle->lease;
    effect_t *settled = effects_add (effects, EFFECT_SETTLED, asked->reason);
    settled->peer = session->peer;
    settled->session = session->id;
    settled->settled.leases = lease;
    settled->settled.count = 1;
    return true;
}

void
asking_release (core_t *core, session_t *session, lease_id_t lease)
{
    asked_t *asked = find (core, session, lease);
    if (asked)
        ask_again (core, asked, REASON_RELEASED);
}

void
asking_listed (core_t *core, session_t *session, lease_id_t lease, uint64_t heartbeat)
{
    asked_t *asked = find (core, session, lease);
    if (asked)
        asked->listed = heartbeat;
}

void
asking_alive (core_t *core, session_t *session, uint64_t received, uint64_t heartbeat)
{
    int64_t long_ago_ms = core->now_ms - LOST_HEARTBEATS * core->settings.heartbeat_ms;
    asked_t *asked, *next;
    DL_FOREACH_SAFE2 (session->asked, asked, next, then)
    {
        bool is_lost = asked->number <= received || asked->sent_ms < long_ago_ms;
        if (asked->listed != heartbeat && is_lost)
            ask_again (core, asked, REASON_LOST);
    }
}

void
asking_crash (core_t *core, session_t *session)
{
    asked_t *asked, *next;
    DL_FOREACH_SAFE2 (session->asked, asked, next, then)
    {
        if (++asked->deaths >= DEATHS_MOST)
            end_silent (core, asked, REASON_POISON, NULL);
    }
}

void
asking_session_ends (core_t *core, session_t *session)
{
    asked_t *asked, *next;
    DL_FOREACH_SAFE2 (session->asked, asked, next, then)
    ask_again (core, asked, REASON_SESSION_GONE);
}

//  ---- a question comes

static int
by_id (const void *a, const void *b)
{
    return strcmp (((const asked_t *)a)->subscription->id, ((const asked_t *)b)->subscription->id);
}

typedef struct {
    match_data_t data;
    question_t *question;
    size_t room;
} inquiry_t;

//  One candidate. A replay goes through the log, where there are no questions.
static void
consider (void *context, void *owner)
{
    inquiry_t *self = context;
    const subscriber_t *subscriber = owner;
    subscription_t *subscription = subscriber->subscription;
    if (!subscription->is_asked || subscription->is_paused || subscription->is_disabled ||
        subscription->replay.id || match_asks (subscription->match, &self->data) != MATCH_YES)
        return;
    question_t *question = self->question;
    if (question->count == self->room) {
        self->room = self->room ? 2 * self->room : 4;
        question->asked = allocate_again (question->asked, self->room, sizeof *question->asked);
    }
    question->asked [question->count++] =
        (asked_t){.question = question, .subscription = subscription_ref (subscription)};
}

static void
match (const core_t *core, question_t *question)
{
    inquiry_t inquiry = {.data = {.event = question->event}, .question = question};
    matching_each (core->matching, question->event, consider, &inquiry);
    match_data_clear (&inquiry.data);
    if (question->count > 1)
        qsort (question->asked, question->count, sizeof *question->asked, by_id);
}

//  Whether there is room for it, with the answers that it wants.
static status_t
admit (const core_t *core, size_t bytes, size_t answers)
{
    const limits_t *limits = &core->settings.limits;
    if (core->is_stopping)
        return STATUS_STOPPING;
    if (core->awaited + answers > (size_t)limits->questions ||
        core->question_bytes + bytes > (size_t)limits->question_bytes)
        return STATUS_FULL;
    return STATUS_OK;
}

static void
put (core_t *core, question_t *question, int64_t timeout_ms)
{
    for (size_t i = 0; i < question->count; i++) {
        asked_t *asked = &question->asked [i];
        int64_t wait_ms = asked->subscription->ask.timeout_ms;
        asked->reason = REASON_ASKED;
        asked->offer = offer_of (core, asked->subscription);
        asked->offer->questions++;
        asked->deadline.kind = DUE_ASKED;
        asked->deadline.owner = asked;
        due_queue_put (&core->due, &asked->deadline,
                       core->now_ms + (wait_ms < timeout_ms ? wait_ms : timeout_ms));
        DL_APPEND (core->unasked, asked);
    }
    question->open = question->count;
    core->awaited += question->count;
}

void
asking_ask (core_t *core, const input_t *input)
{
    event_t *event = input->ask.event;
    ASSERT (event->phase == PHASE_PRE,
            "what is asked is never stored, and what is stored not asked");
    question_t *question = ALLOCATE (question_t);
    question->peer = input->peer;
    question->request = input->request;
    question->event = event_ref (event);
    question->asked_ms = core->now_ms;
    size_t bytes = event_size_bytes (event);
    question->status = admit (core, bytes, 1);
    if (question->status == STATUS_OK) {
        match (core, question);
        question->status = admit (core, bytes, question->count);
    }
    if (question->status == STATUS_OK)
        put (core, question, input->ask.timeout_ms);
    core->question_bytes += bytes;
    DL_APPEND (core->questions, question);
    core->may_ask = true;
}

//  Who asked is told so; what workers say of it is stale.
void
asking_stop (core_t *core)
{
    question_t *question;
    DL_FOREACH (core->questions, question)
    {
        for (size_t i = 0; i < question->count; i++)
            if (question->open > 0 && !question->asked [i].has_ended)
                end_silent (core, &question->asked [i], REASON_STOPPING, NULL);
        question->status = STATUS_STOPPING;
    }
}

//  ---- at the end of a step

static void
join (question_t *question)
{
    for (size_t i = 0; i < question->count; i++)
        opinion_join (&question->opinion, &question->asked [i].opinion);
}

static const reply_t *
list (const question_t *question, effects_t *effects)
{
    reply_t *replies = arena_take (&effects->arena, question->count * sizeof *replies);
    for (size_t i = 0; i < question->count; i++) {
        const asked_t *asked = &question->asked [i];
        replies [i] = (reply_t){
            .subscription = asked->subscription->id,
            .reason = asked->reason,
            .opinion = &asked->opinion,
            .error = asked->error ? asked->error : "",
            .worker = asked->worker ? asked->worker : "",
            .duration_ms = asked->duration_ms,
        };
    }
    return replies;
}

static reason_t
reason_of (const question_t *question)
{
    if (question->status != STATUS_OK)
        return question->status == STATUS_FULL ? REASON_FULL : REASON_STOPPING;
    return question->count > 0 ? REASON_ANSWERED : REASON_NOT_MATCHED;
}

static void
decide (core_t *core, question_t *question, effects_t *effects)
{
    DL_DELETE (core->questions, question);
    DL_APPEND (core->decided, question);
    core->question_bytes -= event_size_bytes (question->event);
    effect_t *effect = effects_add (effects, EFFECT_DECIDE, reason_of (question));
    effect->peer = question->peer;
    effect->request = question->request;
    effect->decide.status = question->status;
    effect->decide.event = question->event;
    effect->decide.opinion = &question->opinion;
    if (question->status != STATUS_OK)
        return;
    join (question);
    effect->decide.replies = list (question, effects);
    effect->decide.count = question->count;
}

static void
free_question (question_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        asked_t *asked = &self->asked [i];
        subscription_destroy (&asked->subscription);
        opinion_clear (&asked->opinion);
        free (asked->error);
        free (asked->worker);
    }
    opinion_clear (&self->opinion);
    event_destroy (&self->event);
    free (self->asked);
    free (self);
}

void
asking_sweep (core_t *core)
{
    while (core->decided) {
        question_t *question = core->decided;
        DL_DELETE (core->decided, question);
        free_question (question);
    }
}

void
asking_go (core_t *core, effects_t *effects)
{
    while (core->may_ask) {
        core->may_ask = false;
        asked_t *asked, *next;
        DL_FOREACH_SAFE (core->unasked, asked, next)
        {
            if (asked->offer->open)
                give (core, offer_next (asked->offer), asked, effects);
        }
        question_t *question, *after;
        DL_FOREACH_SAFE (core->questions, question, after)
        {
            if (question->open == 0)
                decide (core, question, effects);
        }
    }
}

void
asking_clear (core_t *core)
{
    asking_sweep (core);
    while (core->questions) {
        question_t *question = core->questions;
        for (size_t i = 0; i < question->count; i++)
            if (!question->asked [i].has_ended)
                end_silent (core, &question->asked [i], REASON_STOPPING, NULL);
        DL_DELETE (core->questions, question);
        free_question (question);
    }
}
