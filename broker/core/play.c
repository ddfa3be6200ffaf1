#include "broker/core/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "broker/core/play_cast.h"
#include "broker/core/view.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { WORDS = 64 };

typedef struct {
    core_t *core;
    effects_t *effects;
    cast_t *cast;
    FILE *out;  //  the transcript as it was
    int64_t now_ms;
    bool has_tenure;
    char *words [WORDS];  //  of the line in hand
    size_t count;
} stage_t;

static void
print_verdict (FILE *out, const event_t *event, const verdict_t *verdict)
{
    static const char *const kinds [] = {"seq", "dup", "taken"};
    fprintf (out, " %s %s %lld", event->id, kinds [verdict->kind], (long long)verdict->seq);
}

static void
print_progress (FILE *out, const change_t *change)
{
    fprintf (out, " %s floor %lld", change->subscription, (long long)change->progress->floor);
    for (int64_t i = 1; i <= PROGRESS_SPAN; i++)
        if (progress_has_ended (change->progress, change->progress->floor + i))
            fprintf (out, " +%lld", (long long)i);
    if (change->is_quiet)
        fprintf (out, " quiet");
}

static void
print_change (FILE *out, const change_t *change)
{
    switch (change->kind) {
        case CHANGE_SUBSCRIPTION:
            fprintf (out, " %s%s", change->subscription,
                     change->document->is_disabled ? " disabled" : "");
            if (change->document->brought.by)
                fprintf (out, " revision %lld of %s", (long long)change->document->brought.revision,
                         change->document->brought.by);
            break;
        case CHANGE_SUBSCRIPTION_GONE: fprintf (out, " %s gone", change->subscription); break;
        case CHANGE_PROGRESS: print_progress (out, change); break;
        case CHANGE_EXCEPTION:
            fprintf (out, " %s %lld %s attempts %d", change->subscription, (long long)change->seq,
                     exception_state_name (change->exception.state), change->exception.attempts);
            break;
        case CHANGE_EXCEPTION_ENDED:
            fprintf (out, " %s %lld ended", change->subscription, (long long)change->seq);
            break;
        case CHANGE_ATTEMPT:
            if (change->attempt.number == ATTEMPT_COALESCED) {
                fprintf (out, " %s %lld coalesced into %s", change->subscription,
                         (long long)change->seq, change->attempt.result);
                break;
            }
            fprintf (out, " %s %lld attempt %d %s", change->subscription, (long long)change->seq,
                     change->attempt.number, outcome_name (change->attempt.outcome));
            break;
        case CHANGE_LEVEL: fprintf (out, " level %lld", (long long)change->seq); break;
        case CHANGE_HEALTH:
            fprintf (out, " %s failures %d", change->subscription, change->health.failures);
            if (change->health.probe_ms > 0)
                fprintf (out, " probe %lld", (long long)change->health.probe_ms);
            break;
        case CHANGE_COUNT:
            fprintf (out, " %s counts %s", change->subscription, change->counted);
            break;
        case CHANGE_TRIM: fprintf (out, " trim %lld", (long long)change->seq); break;
    }
}

static void
print_leases (FILE *out, const effect_t *effect)
{
    for (size_t i = 0; i < effect->settled.count; i++)
        fprintf (out, " L%llu", (unsigned long long)effect->settled.leases [i]);
}

static void
print_save (FILE *out, const effect_t *effect)
{
    fprintf (out, "SAVE %llu", (unsigned long long)effect->save.ticket);
    for (size_t i = 0; i < effect->save.event_count; i++) {
        const event_t *event = effect->save.events [i];
        fprintf (out, " %s %s of %s hops %d says %.*s", event->id, event->type, event->causation,
                 (int)event->hops, (int)event->data_size, (const char *)event->data);
    }
    for (size_t i = 0; i < effect->save.count; i++) {
        fprintf (out, i ? "," : ":");
        print_change (out, &effect->save.changes [i]);
    }
}

static void
print_feed (void *context, subscription_t *subscription)
{
    const stage_t *stage = context;
    fprintf (stage->out, " %s at %lld", subscription->id,
             (long long)core_feed_seq (stage->core, subscription->id, 0));
}

static void
print_feeds (stage_t *stage, const effect_t *effect)
{
    fprintf (stage->out, "FEEDS %s", cast_worker_name (stage->cast, effect->peer));
    core_each_feed (stage->core, effect->session, print_feed, stage);
}

static void
print_effect (stage_t *stage, const effect_t *effect)
{
    FILE *out = stage->out;
    const char *worker = cast_worker_name (stage->cast, effect->peer);
    switch (effect->kind) {
        case EFFECT_APPEND:
            fprintf (out, "APPEND %llu", (unsigned long long)effect->append.ticket);
            for (size_t i = 0; i < effect->append.count; i++)
                fprintf (out, " %s", effect->append.events [i]->id);
            break;
        case EFFECT_SAVE: print_save (out, effect); break;
        case EFFECT_READ:
            fprintf (out, "READ %llu above %lld%s", (unsigned long long)effect->read.read,
                     (long long)effect->read.above_seq,
                     effect->read.limit_events == 1 ? " one" : "");
            break;
        case EFFECT_CONFIRM:
            fprintf (out, "CONFIRM r%llu", (unsigned long long)effect->request);
            for (size_t i = 0; i < effect->confirm.count; i++)
                print_verdict (out, effect->confirm.events [i], &effect->confirm.verdicts [i]);
            break;
        case EFFECT_REFUSE:
            fprintf (out, "REFUSE r%llu %s", (unsigned long long)effect->request,
                     status_name (effect->refuse.status));
            break;
        case EFFECT_WELCOME:
            fprintf (out, "WELCOME %s%s", worker, effect->welcome.former ? " former" : "");
            break;
        case EFFECT_DELIVER:
            fprintf (out, "DELIVER L%llu %s %s %s attempt %d",
                     (unsigned long long)effect->deliver.lease, worker,
                     effect->deliver.subscription->id, effect->deliver.event->id,
                     effect->deliver.attempt);
            if (effect->deliver.batch > 0)
                fprintf (out, " batch %llu", (unsigned long long)effect->deliver.batch);
            break;
        case EFFECT_SETTLED:
            fprintf (out, "SETTLED");
            print_leases (out, effect);
            break;
        case EFFECT_CANCEL:
            fprintf (out, "CANCEL %s", worker);
            for (size_t i = 0; i < effect->cancel.count; i++)
                fprintf (out, " L%llu", (unsigned long long)effect->cancel.leases [i]);
            break;
        case EFFECT_RESET: fprintf (out, "RESET %s", worker); break;
        case EFFECT_ERROR:
            fprintf (out, "ERROR %s %s", worker, status_name (effect->error.status));
            break;
        case EFFECT_BYE: fprintf (out, "BYE %s", worker); break;
        case EFFECT_FEED:
            fprintf (out, "FEED %s %s seq %lld after %lld",
                     effect->feed.subscription ? effect->feed.subscription->id : "*",
                     effect->feed.event->id, (long long)effect->feed.event->seq,
                     (long long)effect->feed.prev);
            break;
        case EFFECT_FEEDS: print_feeds (stage, effect); break;
        case EFFECT_CATCH_UP:
            fprintf (out, "CATCH_UP %s %s above %lld to %lld first %lld", worker,
                     effect->catch_up.subscription->id, (long long)effect->catch_up.above,
                     (long long)effect->catch_up.up_to, (long long)effect->catch_up.first);
            break;
        case EFFECT_DECIDE: cast_print_decide (out, effect); break;
        case EFFECT_ANSWER: fprintf (out, "ANSWER %s", status_name (effect->answer.status)); break;
    }
    if (effect->reason != REASON_NONE)
        fprintf (out, " because %s", reason_name (effect->reason));
}

static void
step (stage_t *stage, const input_t *input)
{
    core_step (stage->core, input, stage->now_ms, stage->effects);
    for (size_t i = 0; i < effects_count (stage->effects); i++) {
        const effect_t *effect = effects_at (stage->effects, i);
        if (effect->kind == EFFECT_WELCOME)
            cast_worker_joined (stage->cast, effect->peer, effect->session);
        fprintf (stage->out, "%4lld < ", (long long)stage->now_ms);
        print_effect (stage, effect);
        fputc ('\n', stage->out);
    }
}

//  LOOK S 1: what is told of that delivery.
static void
look (stage_t *stage)
{
    delivery_view_t view;
    int64_t seq = strtoll (stage->words [2], NULL, 10);
    bool is_held = core_look (stage->core, stage->words [1], 0, seq, &view);
    fprintf (stage->out, "%4lld < %s %lld %s", (long long)stage->now_ms, stage->words [1],
             (long long)seq, is_held ? delivery_state_name (view.state) : "unknown");
    if (is_held && view.said_ms > 0)
        fprintf (stage->out, " %d%% %s at %lld", (int)view.percent, view.text,
                 (long long)view.said_ms);
    fputc ('\n', stage->out);
}

static void
perform (stage_t *stage)
{
    if (strcmp (stage->words [0], "LOOK") == 0) {
        look (stage);
        return;
    }
    bool is_stored = cast_has_tenure_to_come (stage->cast);
    input_t input = cast_read (stage->cast, stage->words, stage->count);
    if (!stage->has_tenure && !is_stored && input.kind != INPUT_TENURE_GAINED) {
        stage->has_tenure = true;
        step (stage, &(input_t){.kind = INPUT_TENURE_GAINED});
    }
    if (input.kind == INPUT_TENURE_GAINED)
        stage->has_tenure = true;
    step (stage, &input);
    cast_done (stage->cast);
}

//  "   0 > PUBLISH r1 e1" into now_ms and words; false for a line that is an effect.
static bool
split (stage_t *stage, char *line)
{
    char *mark = strpbrk (line, "<>");
    if (!mark || *mark == '<')
        return false;
    stage->now_ms = strtoll (line, NULL, 10);
    stage->count = 0;
    char *rest = NULL;
    for (char *word = strtok_r (mark + 1, " ,:\n", &rest); word && stage->count < WORDS;
         word = strtok_r (NULL, " ,:\n", &rest))
        stage->words [stage->count++] = word;
    return true;
}

static void
print_as_c (const char *text)
{
    for (const char *line = text; *line;) {
        size_t size = strcspn (line, "\n");
        printf ("\"%.*s\\n\"\n", (int)size, line);
        line += size + (line [size] == '\n');
    }
}

static void
compare (const char *expected, const char *came)
{
    if (getenv ("TOCSIN_BLESS"))
        print_as_c (came);
    else if (strcmp (expected, came) != 0) {
        print_message ("expected:\n%s\ncame:\n%s\n", expected, came);
        fail ();
    }
}

core_settings_t
play_settings (void)
{
    return (core_settings_t){.partitions = 1,
                             .seed = 1,
                             .heartbeat_ms = 1000,
                             .level_ms = 1000000,
                             .limits = limits_default ()};
}

void
play_with (const core_settings_t *settings, const char *transcript)
{
    char *came = NULL;
    size_t size = 0;
    stage_t stage = {.core = core_new (settings, 0),
                     .effects = effects_new (),
                     .cast = cast_new (transcript),
                     .out = open_memstream (&came, &size)};
    char *script = allocate_copy (transcript);
    char *rest = NULL;
    for (char *line = strtok_r (script, "\n", &rest); line; line = strtok_r (NULL, "\n", &rest)) {
        char *copy = allocate_copy (line);
        if (split (&stage, copy)) {
            fprintf (stage.out, "%s\n", line);
            perform (&stage);
        }
        free (copy);
    }
    fclose (stage.out);
    core_destroy (&stage.core);
    effects_destroy (&stage.effects);
    cast_destroy (&stage.cast);
    compare (transcript, came);
    free (script);
    free (came);
}

void
play (const char *transcript)
{
    core_settings_t settings = play_settings ();
    play_with (&settings, transcript);
}
