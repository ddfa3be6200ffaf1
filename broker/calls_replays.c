/*  calls_replays – the methods replay.*: a stretch of the log once more, for one subscription.
 *
 *  A replay is a subscription of its own, beside the one it repeats: only its name says whose it is.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/call.h"
#include "broker/core/explain.h"
#include "proto/model/allocate.h"
#include "proto/model/moment.h"
#include "proto/model/rfc3339.h"

enum { REPLAYS_MOST = 16, ID_LETTERS = 10, ID_SIZE = ID_LETTERS + 2 };

static const double rate_most = 1e6;

//  One end of a stretch, as it was asked for.
typedef struct {
    bool is_given, is_time;
    int64_t number;  //  ms since 1970, or a seq
} bound_t;

typedef struct {
    bound_t from, until;
    double rate_per_second;
    int64_t *seqs;  //  from of each partition, then until; ours
} wish_t;

static void
wish_free (void *more)
{
    wish_t *self = more;
    free (self->seqs);
    free (self);
}

//  ---- those there are

typedef struct {
    const char *of;
    subscription_t *list [2 * REPLAYS_MOST];  //  borrowed from the core
    size_t count;
} replays_t;

static void
add_replay (void *context, subscription_t *subscription)
{
    replays_t *self = context;
    const replay_t *replay = &subscription->replay;
    if (replay->id && strcmp (replay->of, self->of) == 0 &&
        self->count < sizeof self->list / sizeof *self->list)
        self->list [self->count++] = subscription;
}

static replays_t
replays_of (const call_t *call, const char *subscription)
{
    replays_t replays = {.of = subscription};
    core_each_subscription (call->edge->core, add_replay, &replays);
    return replays;
}

static json_t *
show_ranges (const replay_t *replay)
{
    json_t *ranges = json_array ();
    for (size_t i = 0; i < replay->partitions; i++)
        if (replay->until [i] > replay->from [i])
            json_array_append_new (ranges, json_pack ("{s:i, s:I, s:I}", "partition", (int)i,
                                                      "from", (json_int_t)replay->from [i] + 1,
                                                      "until", (json_int_t)replay->until [i]));
    return ranges;
}

static json_t *
show_replay (const call_t *call, const subscription_t *subscription)
{
    const replay_t *replay = &subscription->replay;
    char created [MOMENT_SIZE];
    subscriber_view_t view = {0};
    core_look_at_subscription (call->edge->core, subscription->id, &view);
    const char *status = replay->has_ended         ? "ended"
                         : subscription->is_paused ? "paused"
                                                   : "running";
    return json_pack (
        "{s:s, s:s, s:s, s:s, s:o, s:O, s:f, s:I, s:I, s:i, s:I, s:I}", "id", replay->id,
        "subscription", replay->of, "status", status, "created",
        moment_text (subscription->created_ms, created), "ranges", show_ranges (replay), "match",
        json_object_get (subscription->document, "match"), "rate_per_second",
        subscription->rate_per_second, "behind", (json_int_t)view.behind, "waiting",
        (json_int_t)view.waiting, "in_flight", (int)view.in_flight, "retries",
        (json_int_t)view.retries + (json_int_t)view.held, "dead", (json_int_t)view.dead);
}

static int
compare_created (const void *a, const void *b)
{
    const subscription_t *const *x = a, *const *y = b;
    return ((*x)->created_ms > (*y)->created_ms) - ((*x)->created_ms < (*y)->created_ms);
}

void
call_replay_list (call_t *self)
{
    problem_t problem = {0};
    const subscription_t *subscription = call_subscription (self, "subscription", &problem);
    if (!subscription) {
        call_fail (self, &problem);
        return;
    }
    replays_t replays = replays_of (self, subscription->id);
    qsort (replays.list, replays.count, sizeof *replays.list, compare_created);
    json_t *data = json_array ();
    for (size_t i = 0; i < replays.count; i++)
        json_array_append_new (data, show_replay (self, replays.list [i]));
    call_reply (self, json_pack ("{s:o}", "data", data));
}

static void
unsubscribe (const call_t *call, uint64_t request, const char *id)
{
    input_t input = {.kind = INPUT_UNSUBSCRIBE, .peer = call->peer, .request = request};
    input.unsubscribe.id = id;
    edge_step (call->edge, &input);
}

void
call_replay_delete (call_t *self)
{
    const char *id = "";
    char name [QUERY_TEXT_SIZE];
    problem_t problem = {0};
    const subscription_t *subscription = call_subscription (self, "subscription", &problem);
    if (!subscription || call_text (self, "replay", &id, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    snprintf (name, sizeof name, "%s~%s", subscription->id, id);
    if (!core_subscription (self->edge->core, name)) {
        problem_at (&problem, STATUS_NOT_FOUND, "replay", "%.100s has no replay \"%.40s\"",
                    subscription->id, id);
        call_fail (self, &problem);
        return;
    }
    self->prepared = json_pack ("{s:{s:s, s:s, s:b}}", "data", "id", id, "subscription",
                                subscription->id, "deleted", 1);
    unsubscribe (self, self->number, name);
}

//  ---- create

//  A place for one more: the oldest of those that have ended goes.
static status_t
make_room (const call_t *call, const char *subscription, problem_t *problem)
{
    replays_t replays = replays_of (call, subscription);
    if (replays.count < REPLAYS_MOST)
        return STATUS_OK;
    qsort (replays.list, replays.count, sizeof *replays.list, compare_created);
    for (size_t i = 0; i < replays.count; i++)
        if (replays.list [i]->replay.has_ended) {
            char *id = allocate_copy (replays.list [i]->id);
            unsubscribe (call, 0, id);
            free (id);
            return STATUS_OK;
        }
    return problem_set (problem, STATUS_FULL,
                        "%.100s has %d replays that have not ended: delete one, or wait",
                        subscription, REPLAYS_MOST);
}

static void
make_id (char id [ID_SIZE])
{
    static const char base32 [] = "abcdefghijklmnopqrstuvwxyz234567";
    id [0] = 'r';
    for (int i = 1; i <= ID_LETTERS; i++)
        id [i] = base32 [randombytes_uniform (32)];
    id [ID_LETTERS + 1] = 0;
}

//  What stops the subscription stops its replay: they have one consumer.
static subscription_t *
make_replay (const call_t *call, const subscription_t *of, const wish_t *wish, const char *id,
             problem_t *problem)
{
    size_t partitions = (size_t)call->edge->partitions;
    replay_t replay = {.id = id,
                       .of = of->id,
                       .from = wish->seqs,
                       .until = wish->seqs + partitions,
                       .partitions = partitions};
    int64_t now_ms = edge_now_ms (call->edge);
    OWNED (subscription)
    subscription_t *made =
        subscription_replay (of, now_ms, &replay, json_object_get (call->args, "match"),
                             wish->rate_per_second, call->edge->limits, problem);
    if (!made || !(of->is_paused || of->is_disabled))
        return TAKE (made);
    return subscription_with_state (made, now_ms, true, NULL);
}

static void
create (call_t *call)
{
    problem_t problem = {0};
    char id [ID_SIZE];
    const subscription_t *of = call_subscription (call, "subscription", &problem);
    make_id (id);
    OWNED (subscription) subscription_t *made = NULL;
    if (of && make_room (call, of->id, &problem) == STATUS_OK)
        made = make_replay (call, of, call->more, id, &problem);
    if (!made) {
        call_fail (call, &problem);
        return;
    }
    call->prepared = json_pack ("{s:o}", "data", show_replay (call, made));
    call_subscribe (call, made);
}

//  The stretch of one partition, from what was asked for and what the store found for its times.
static void
set_stretch (const call_t *call, wish_t *self, size_t partition, const int64_t *found)
{
    size_t partitions = (size_t)call->edge->partitions;
    int64_t end = core_last_seq (call->edge->core, (int32_t)partition);
    int64_t from = self->from.is_time ? found [partition] : self->from.number - 1;
    int64_t until = end;
    if (self->until.is_given)
        until = self->until.is_time ? found [partitions + partition] : self->until.number;
    self->seqs [partition] = from > end ? end : from;
    self->seqs [partitions + partition] = until > end ? end : until;
}

static void
seqs_found (call_t *call, query_t *query)
{
    wish_t *self = call->more;
    for (size_t i = 0; i < (size_t)call->edge->partitions; i++)
        set_stretch (call, self, i, query->seqs);
    create (call);
}

static void
event_found (call_t *call, query_t *query)
{
    wish_t *self = call->more;
    problem_t problem = {0};
    const event_t *event = query->history->event;
    const subscription_t *of = call_subscription (call, "subscription", &problem);
    match_data_t data = {.event = event};
    problem_t why = {0};
    if (of && !json_object_get (call->args, "match") &&
        match_explain (of->match, &data, &why) != MATCH_YES)
        problem_at (&problem, STATUS_BAD_PARAMETER, "event",
                    "the subscription does not ask for this event: %s", why.text);
    match_data_clear (&data);
    if (problem.status != STATUS_OK) {
        call_fail (call, &problem);
        return;
    }
    self->seqs [event->partition] = event->seq - 1;
    self->seqs [call->edge->partitions + event->partition] = event->seq;
    create (call);
}

//  {"time"} or {"seq"}.
static status_t
read_bound (const call_t *call, const char *name, bound_t *bound, problem_t *problem)
{
    const json_t *given = json_object_get (call->args, name);
    const json_t *time = json_object_get (given, "time"), *seq = json_object_get (given, "seq");
    if (!given)
        return STATUS_OK;
    bound->is_given = true;
    bound->is_time = time != NULL;
    bound->number = json_integer_value (seq);
    bool is_good = json_object_size (given) == 1 &&
                   (json_is_string (time) ? rfc3339_read (json_string_value (time), &bound->number)
                                          : json_is_integer (seq) && bound->number > 0);
    if (!is_good)
        return problem_at (problem, STATUS_BAD_PARAMETER, name,
                           "%s: it is {\"time\": \"2026-11-24T03:00:00Z\"} or {\"seq\": 17}", name);
    return STATUS_OK;
}

static status_t
read_rate (const call_t *call, double *rate, problem_t *problem)
{
    const json_t *given = json_object_get (call->args, "rate_per_second");
    *rate = json_number_value (given);
    if (given && !(json_is_number (given) && *rate >= 0 && *rate <= rate_most))
        return problem_at (problem, STATUS_BAD_PARAMETER, "rate_per_second",
                           "rate_per_second: it is a number in 0 … 1000000; 0 is that of the "
                           "subscription");
    return STATUS_OK;
}

static status_t
read_wish (const call_t *call, wish_t *self, const char **event, problem_t *problem)
{
    if (read_bound (call, "from", &self->from, problem) ||
        read_bound (call, "until", &self->until, problem) ||
        read_rate (call, &self->rate_per_second, problem) ||
        call_optional_text (call, "event", event, problem))
        return problem->status;
    if (*event && (self->from.is_given || self->until.is_given))
        return problem_at (problem, STATUS_BAD_PARAMETER, "event",
                           "event: it is one event, or a stretch from … until");
    if (!*event && !self->from.is_given)
        return problem_at (problem, STATUS_BAD_PARAMETER, "from",
                           "from: it is missing; {\"seq\": 1} is the beginning of the log");
    return STATUS_OK;
}

static status_t
check_mode (const call_t *call, problem_t *problem)
{
    const subscription_t *of = call_subscription (call, "subscription", problem);
    if (of && of->is_broadcast)
        problem_at (problem, STATUS_BAD_PARAMETER, "subscription",
                    "%.60s is of mode broadcast: a worker that is to hear it all again is started "
                    "with another worker/state, and start \"earliest\"",
                    of->id);
    return problem->status;
}

void
call_replay_create (call_t *self)
{
    problem_t problem = {0};
    const char *event = NULL;
    wish_t *wish = ALLOCATE (wish_t);
    wish->seqs = allocate (2 * (size_t)self->edge->partitions, sizeof *wish->seqs);
    self->more = wish;
    self->more_free = wish_free;
    if (check_mode (self, &problem) != STATUS_OK ||
        read_wish (self, wish, &event, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    if (event) {
        call_ask (self, QUERY_HISTORY, event, event_found);
        return;
    }
    query_t question = {.kind = QUERY_SEQS, .partition = self->edge->partitions};
    question.times_ms [0] = wish->from.is_time ? wish->from.number : 0;
    question.times_ms [1] = wish->until.is_time ? wish->until.number : 0;
    call_ask_query (self, &question, seqs_found);
}
