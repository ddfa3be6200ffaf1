#include "broker/core/play_cast_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/labels.h"
#include "proto/model/owned.h"

cast_t *
cast_new (const char *transcript)
{
    cast_t *self = ALLOCATE (cast_t);
    self->tenure_to_come = strstr (transcript, "> TENURE") != NULL;
    return self;
}

void
cast_destroy (cast_t **self_p)
{
    cast_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->event_count; i++)
        event_destroy (&self->events [i]);
    cast_done (self);
    free (self);
    *self_p = NULL;
}

void
cast_done (cast_t *self)
{
    arena_clear (&self->line);
    subscription_destroy (&self->subscription);
}

bool
cast_has_tenure_to_come (const cast_t *self)
{
    return self->tenure_to_come;
}

void
cast_worker_joined (cast_t *self, peer_t peer, session_id_t session)
{
    self->workers [peer - CAST_FIRST_WORKER].session = session;
}

const char *
cast_worker_name (const cast_t *self, peer_t peer)
{
    return peer >= CAST_FIRST_WORKER ? self->workers [peer - CAST_FIRST_WORKER].name : "";
}

static peer_t
worker (cast_t *self)
{
    const char *name = cast_next (self);
    size_t i = 0;
    while (i < self->worker_count && strcmp (self->workers [i].name, name) != 0)
        i++;
    if (i == self->worker_count) {
        ASSERT (i < CAST_WORKERS, "a play has few workers");
        snprintf (self->workers [self->worker_count++].name, sizeof self->workers [i].name, "%s",
                  name);
    }
    return CAST_FIRST_WORKER + i;
}

static input_t
of_worker (cast_t *self, int kind)
{
    input_t input = {.peer = worker (self)};
    input.kind = (__typeof__ (input.kind))kind;
    input.session = self->workers [input.peer - CAST_FIRST_WORKER].session;
    return input;
}

//  "e1" or "e1/key"; made when it is first named, of type "t" unless told.
static event_t *
event_named (cast_t *self, const char *word, const char *type)
{
    size_t size = strcspn (word, "/");
    for (size_t i = 0; i < self->event_count; i++)
        if (strlen (self->events [i]->id) == size &&
            strncmp (self->events [i]->id, word, size) == 0)
            return self->events [i];
    ASSERT (self->event_count < CAST_EVENTS, "a play has few events");
    char id [65];
    snprintf (id, sizeof id, "%.*s", (int)size, word);
    event_t *event = event_new (&(event_t){.id = id,
                                           .type = type,
                                           .subject = "/s",
                                           .key = word [size] ? word + size + 1 : id,
                                           .time = "2026-01-01T00:00:00Z",
                                           .content_type = "application/json",
                                           .data = (const uint8_t *)"{}",
                                           .data_size = 2});
    event_set_place (event, 0, 0, 0);
    return self->events [self->event_count++] = event;
}

static input_t
read_publish (cast_t *self)
{
    input_t input = {.kind = INPUT_PUBLISH, .peer = CAST_GATEWAY};
    input.request = (uint64_t)cast_next_number (self);
    const char *last = self->words [self->count - 1];
    bool has_type = strncmp (last, "type=", 5) == 0;
    event_t **events = arena_take (&self->line, self->count * sizeof *events);
    int64_t at_ms = cast_next_is (self, "at") ? cast_next_number (self) : 0;
    while (self->at < self->count - has_type) {
        event_t *event = event_named (self, cast_next (self), has_type ? last + 5 : "t");
        event_set_place (event, 0, event->seq, at_ms);
        events [input.publish.count++] = event;
    }
    input.publish.events = events;
    return input;
}

static input_t
read_persisted (cast_t *self)
{
    input_t input = {.kind = INPUT_PERSISTED};
    input.persisted.up_to_ticket = (uint64_t)cast_next_number (self);
    verdict_t *verdicts = arena_take (&self->line, self->count * sizeof *verdicts);
    while (cast_has_more (self)) {
        verdict_t *verdict = &verdicts [input.persisted.count++];
        cast_next (self);
        verdict->kind = cast_next_is (self, "dup")     ? VERDICT_DUPLICATE
                        : cast_next_is (self, "taken") ? VERDICT_ID_TAKEN
                                                       : VERDICT_STORED;
        if (verdict->kind == VERDICT_STORED)
            cast_next (self);
        verdict->seq = cast_next_number (self);
    }
    input.persisted.verdicts = verdicts;
    return input;
}

static input_t
read_not_persisted (cast_t *self)
{
    input_t input = {.kind = INPUT_NOT_PERSISTED};
    input.not_persisted.from_ticket = (uint64_t)cast_next_number (self);
    bool is_known = status_from_name (cast_next (self), &input.not_persisted.status);
    ASSERT (is_known, "a play names a status of status.tbl");
    return input;
}

static input_t
read_page (cast_t *self)
{
    input_t input = {.kind = INPUT_PAGE};
    input.page.read = (uint64_t)cast_next_number (self);
    event_t **events = arena_take (&self->line, self->count * sizeof *events);
    while (cast_has_more (self)) {
        event_t *event = event_named (self, cast_next (self), "t");
        if (!event->seq)  //  it was stored before the play began: e3 is of seq 3
            event_set_place (event, 0, strtoll (event->id + 1, NULL, 10), 0);
        events [input.page.count++] = event;
    }
    input.page.events = events;
    return input;
}

static input_t
read_settle (cast_t *self)
{
    //  The lease's session is the last worker's named, unless one is: SETTLE L1 ok by w2
    settle_t *settle = arena_take (&self->line, sizeof *settle);
    settle->lease = (lease_id_t)cast_next_number (self);
    bool is_known = outcome_from_name (cast_next (self), &settle->outcome);
    ASSERT (is_known, "a play says ok, retry, fail or skip");
    settle->retry_after_ms = cast_next_is (self, "after") ? cast_next_number (self) : 0;
    settle->disables = cast_next_is (self, "disables");
    settle->http_status = cast_next_is (self, "status") ? (int32_t)cast_next_number (self) : 0;
    settle->duration_ms = cast_next_is (self, "took") ? cast_next_number (self) : 0;
    settle->result = cast_next_is (self, "result") ? cast_next (self) : cast_read_result (self);
    settle->counted = cast_next_is (self, "counts") ? cast_next (self) : NULL;
    input_t input = {.kind = INPUT_SETTLE, .settle = {.settles = settle, .count = 1}};
    bool is_named = cast_next_is (self, "by");
    input.peer = is_named ? worker (self) : CAST_FIRST_WORKER;
    input.session = self->workers [input.peer - CAST_FIRST_WORKER].session;
    return input;
}

static void
read_leases (cast_t *self, const lease_id_t **leases, size_t *count)
{
    lease_id_t *list = arena_take (&self->line, self->count * sizeof *list);
    while (cast_has_more (self))
        list [(*count)++] = (lease_id_t)cast_next_number (self);
    *leases = list;
}

static exception_at_t
read_exception (cast_t *self)
{
    exception_at_t at = {.seq = cast_next_number (self)};
    bool is_known = exception_state_from_name (cast_next (self), &at.exception.state);
    ASSERT (is_known, "a play says retry, held or slow");
    at.exception.attempts = cast_next_is (self, "attempts") ? (int32_t)cast_next_number (self) : 0;
    at.exception.due_ms = cast_next_is (self, "due") ? cast_next_number (self) : 0;
    return at;
}

static input_t
read_tenure (cast_t *self)
{
    self->tenure_to_come = false;
    input_t input = {.kind = INPUT_TENURE_GAINED};
    if (cast_next_is (self, "last"))
        input.tenure.last_seq = cast_next_number (self);
    if (cast_next_is (self, "level"))
        input.tenure.level_seq = cast_next_number (self);
    track_record_t *tracks = arena_take (&self->line, self->count * sizeof *tracks);
    track_record_t *track = NULL;
    while (cast_has_more (self)) {
        if (cast_next_is (self, "seq")) {
            ASSERT (track, "an exception follows its subscription");
            exception_at_t *list = (exception_at_t *)track->exceptions;
            list [track->exception_count++] = read_exception (self);
            continue;
        }
        track = &tracks [input.tenure.count++];
        track->subscription = cast_next (self);
        track->exceptions = arena_take (&self->line, self->count * sizeof *track->exceptions);
        if (cast_next_is (self, "floor"))
            track->progress.floor = cast_next_number (self);
        while (cast_has_more (self) && self->words [self->at][0] == '+')
            progress_end (&track->progress, track->progress.floor + cast_next_number (self));
    }
    input.tenure.tracks = tracks;
    return input;
}

//  HELLO w1 webhook with region=eu tier=fast
static const char *
read_labels (cast_t *self)
{
    limits_t limits = limits_default ();
    size_t count = self->count - self->at;
    OWNED (text)
    char *labels = labels_new ((const char *const *)self->words + self->at, count, &limits, NULL);
    ASSERT (labels, "a play's labels are sound");
    self->at = self->count;
    return arena_copy (&self->line, labels);
}

static input_t
read_hello (cast_t *self)
{
    input_t input = of_worker (self, INPUT_HELLO);
    const char **actions = arena_take (&self->line, sizeof *actions);
    actions [0] = cast_next (self);
    input.hello.name = cast_worker_name (self, input.peer);
    input.hello.actions = actions;
    input.hello.count = 1;
    if (cast_next_is (self, "with"))
        input.hello.labels = read_labels (self);
    if (cast_next_is (self, "instance"))
        input.hello.instance = (uint64_t)cast_next_number (self);
    if (cast_next_is (self, "former"))
        input.hello.former = self->workers [worker (self) - CAST_FIRST_WORKER].session;
    return input;
}

static input_t
read_bring (cast_t *self)
{
    return cast_read_bring (self, of_worker (self, INPUT_BRING));
}

static input_t
read_credit (cast_t *self)
{
    input_t input = of_worker (self, INPUT_CREDIT);
    input.credit.deliveries = (uint64_t)cast_next_number (self);
    input.credit.bytes = UINT64_C (1) << 40;
    return input;
}

//  ALIVE w1 received 2 tells L1 idle L2: it is at work on L1, and keeps L2 for later.
static input_t
read_alive (cast_t *self)
{
    input_t input = of_worker (self, INPUT_ALIVE);
    if (cast_next_is (self, "received"))
        input.alive.received = (uint64_t)cast_next_number (self);
    input.alive.tells_begun = cast_next_is (self, "tells");
    lease_id_t *list = arena_take (&self->line, self->count * sizeof *list);
    bool is_idle = !input.alive.tells_begun;
    while (cast_has_more (self)) {
        is_idle |= cast_next_is (self, "idle");
        list [input.alive.count++] = (lease_id_t)cast_next_number (self);
        input.alive.begun_count += !is_idle;
    }
    input.alive.leases = input.alive.begun = list;
    return input;
}

//  PROGRESS w1 L1 42 half
static input_t
read_progress (cast_t *self)
{
    input_t input = of_worker (self, INPUT_PROGRESS);
    input.progress.lease = (lease_id_t)cast_next_number (self);
    input.progress.percent = (int32_t)cast_next_number (self);
    input.progress.text = cast_has_more (self) ? cast_next (self) : "";
    return input;
}

static input_t
read_release (cast_t *self)
{
    input_t input = of_worker (self, INPUT_RELEASE);
    read_leases (self, &input.release.leases, &input.release.count);
    return input;
}

static input_t
read_catch_up (cast_t *self)
{
    input_t input = of_worker (self, INPUT_CATCH_UP);
    input.catch_up.subscription = cast_next (self);
    input.catch_up.above = cast_next_is (self, "above") ? cast_next_number (self) : 0;
    return input;
}

static input_t
read_plain (cast_t *self, const char *verb)
{
    if (strcmp (verb, "LISTEN") == 0)
        return of_worker (self, INPUT_LISTEN);
    if (strcmp (verb, "BYE") == 0)
        return of_worker (self, INPUT_BYE);
    if (strcmp (verb, "GONE") == 0)
        return of_worker (self, INPUT_GONE);
    if (strcmp (verb, "DRAIN") == 0) {
        const char *name = cast_next (self);
        return (input_t){.kind = INPUT_DRAIN,
                         .peer = CAST_GATEWAY,
                         .drain = {.name = name, .is_on = !cast_next_is (self, "off")}};
    }
    if (strcmp (verb, "STOP") == 0)
        return (input_t){.kind = INPUT_STOP};
    if (strcmp (verb, "PAGE_FAILED") == 0)
        return (input_t){.kind = INPUT_PAGE_FAILED,
                         .page_failed = {.read = (uint64_t)cast_next_number (self),
                                         .status = STATUS_STORE_FAILED}};
    if (strcmp (verb, "UNSUBSCRIBE") == 0)
        return (input_t){.kind = INPUT_UNSUBSCRIBE,
                         .peer = CAST_GATEWAY,
                         .request = 1,
                         .unsubscribe = {.id = cast_next (self)}};
    ASSERT (strcmp (verb, "TICK") == 0, "a play has only the verbs of play.h");
    return (input_t){.kind = INPUT_TICK};
}

input_t
cast_read (cast_t *self, char **words, size_t count)
{
    static const struct {
        const char *verb;
        input_t (*read) (cast_t *self);
    } verbs [] = {
        {"PUBLISH", read_publish},
        {"PERSISTED", read_persisted},
        {"PAGE", read_page},
        {"SETTLE", read_settle},
        {"SUBSCRIBE", cast_read_subscribe},
        {"NOT_PERSISTED", read_not_persisted},
        {"TENURE", read_tenure},
        {"CREDIT", read_credit},
        {"BRING", read_bring},
        {"ALIVE", read_alive},
        {"PROGRESS", read_progress},
        {"RELEASE", read_release},
        {"CATCH_UP", read_catch_up},
        {"HELLO", read_hello},
        {"REPLAY", cast_read_replay},
        {"REDRIVE", cast_read_redrive},
        {"DISCARD", cast_read_discard},
        {"CANCEL", cast_read_cancel},
        {"TRIM", cast_read_trim},
        {"ASK", cast_read_ask},
    };
    self->words = words;
    self->count = count;
    self->at = 0;
    const char *verb = cast_next (self);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp (verbs [i].verb, verb) == 0)
            return verbs [i].read (self);
    return read_plain (self, verb);
}
