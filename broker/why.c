#include "broker/why.h"

#include <stdio.h>
#include <string.h>

#include "proto/model/moment.h"

enum { ERROR_SHOWN = 240, NAME_SHOWN = 120, LABELS_SHOWN = 240 };  //  bytes

//  So many bytes of somebody else's words, at most, and no half of a character.
static int
shown (const char *text, size_t most)
{
    size_t size = strnlen (text, most + 1);
    if (size <= most)
        return (int)size;
    for (size = most; size > 0 && (text [size] & 0xc0) == 0x80;)
        size--;
    return (int)size;
}

static void
say_disabled (const subscription_t *subscription, char text [HINDRANCE_SIZE])
{
    const char *because = subscription->disabled_because;
    const char *why = strcmp (because, "gone") == 0 ? "its consumer answered 410 Gone"
                      : strcmp (because, "failing") == 0
                          ? "its consumer failed for longer than retry.disable_after_ms"
                          : "somebody asked for it";
    snprintf (text, HINDRANCE_SIZE,
              "it is disabled: %s. Nothing is lost: when the consumer is well, resume it", why);
}

static void
say_broken (const subscription_t *subscription, const subscriber_view_t *view,
            char text [HINDRANCE_SIZE])
{
    char since [MOMENT_SIZE], until [MOMENT_SIZE];
    moment_text (view->health.failing_since_ms, since);
    if (view->until_ms > 0)
        snprintf (text, HINDRANCE_SIZE,
                  "its consumer failed %d times in a row, since %s: nothing is sent until the next "
                  "probe at %s. Resuming it tries at once",
                  (int)view->health.failures, since, moment_text (view->until_ms, until));
    else
        snprintf (text, HINDRANCE_SIZE,
                  "its consumer fails since %s: one delivery is being tried now, to see whether it "
                  "is back, for at most %lld ms",
                  since, (long long)subscription->retry.timeout_ms);
}

static void
say_no_worker (const subscription_t *subscription, char text [HINDRANCE_SIZE])
{
    const char *labels = subscription->labels;
    if (*labels)
        snprintf (text, HINDRANCE_SIZE,
                  "no worker offers its action, \"%s\", with the labels that it wants, %.*s: start "
                  "one",
                  subscription->action, shown (labels, LABELS_SHOWN), labels);
    else
        snprintf (text, HINDRANCE_SIZE, "no worker offers its action, \"%s\": start one",
                  subscription->action);
}

void
why_hindered (const subscription_t *subscription, const subscriber_view_t *view,
              char text [HINDRANCE_SIZE])
{
    char moment [MOMENT_SIZE];
    switch ((int)view->hindrance) {
        case REASON_NONE: snprintf (text, HINDRANCE_SIZE, "nothing hinders it"); break;
        case REASON_PAUSED:
            snprintf (text, HINDRANCE_SIZE,
                      "it is paused, since %s or before. Nothing is lost: it goes on when it is "
                      "resumed",
                      moment_text (subscription->version, moment));
            break;
        case REASON_DISABLED: say_disabled (subscription, text); break;
        case REASON_BREAKER_OPEN: say_broken (subscription, view, text); break;
        case REASON_IN_FLIGHT:
            snprintf (text, HINDRANCE_SIZE,
                      "%d deliveries are under way, as many as its consumer bears just now; its "
                      "limits.in_flight is %d",
                      (int)view->in_flight, (int)subscription->in_flight_most);
            break;
        case REASON_RATE:
            snprintf (text, HINDRANCE_SIZE,
                      "its limits.rate_per_second (%g) is used up: the next delivery goes at %s",
                      subscription->rate_per_second, moment_text (view->until_ms, moment));
            break;
        case REASON_FULL:
            snprintf (text, HINDRANCE_SIZE,
                      "the store takes no events, so that there is no room for the results of its "
                      "action: make room on the disk, it goes on by itself");
            break;
        case REASON_NO_WORKER: say_no_worker (subscription, text); break;
        case REASON_DRAINING:
            snprintf (text, HINDRANCE_SIZE,
                      "all %zu workers with its action are draining, because somebody said so: "
                      "start another, or take it back",
                      view->workers);
            break;
        case REASON_NO_CREDIT:
            snprintf (text, HINDRANCE_SIZE,
                      "the %zu workers with its action have all they can take: start another, or "
                      "raise worker/capacity",
                      view->workers);
            break;
        default: snprintf (text, HINDRANCE_SIZE, "%s", reason_text (view->hindrance)); break;
    }
}

//  ---- a delivery that has not ended

static void
say_waiting (const subscription_t *subscription, const subscriber_view_t *view,
             const explanation_t *explanation, char text [WHY_SIZE])
{
    char moment [MOMENT_SIZE];
    if (explanation->reason == REASON_BEHIND) {
        snprintf (text, WHY_SIZE,
                  "its order is by key, and after a restart the log is read again up to where it "
                  "had been: %lld events to go",
                  (long long)(explanation->last_seq - explanation->cursor));
        return;
    }
    if (explanation->reason == REASON_ALONE) {
        snprintf (text, WHY_SIZE,
                  "%d workers died over it: it waits for a worker that has nothing else to do, so "
                  "that it takes no others along",
                  (int)explanation->crashes);
        return;
    }
    if (explanation->reason == REASON_BATCH) {
        snprintf (text, WHY_SIZE,
                  "it waits for others to go along in one batch: it goes when %d wait "
                  "(batch.max_events), or else at %s",
                  (int)subscription->batch.max_events, moment_text (explanation->until_ms, moment));
        return;
    }
    if (view->hindrance == REASON_NONE) {
        snprintf (text, WHY_SIZE, "it waits for its turn, and may go at any moment: %s",
                  reason_text (explanation->reason));
        return;
    }
    char why [HINDRANCE_SIZE];
    why_hindered (subscription, view, why);
    snprintf (text, WHY_SIZE, "it waits, since its subscription does: %s", why);
}

static void
say_retry (const subscription_t *subscription, const explanation_t *explanation, const char *error,
           char text [WHY_SIZE])
{
    char due [MOMENT_SIZE];
    int attempts = (int)(explanation->attempts - explanation->forgiven);
    if (attempts == 0)
        snprintf (text, WHY_SIZE, "it was dead, and somebody redrove it: it is tried at %s",
                  moment_text (explanation->until_ms, due));
    else
        snprintf (text, WHY_SIZE, "attempt %d of %d failed%s%.*s; the next one is made at %s",
                  attempts, (int)subscription->retry.max_attempts, *error ? ": " : "",
                  shown (error, ERROR_SHOWN), error, moment_text (explanation->until_ms, due));
}

static void
say_gathered (const subscription_t *subscription, const explanation_t *explanation,
              char text [WHY_SIZE])
{
    char until [MOMENT_SIZE];
    snprintf (text, WHY_SIZE,
              "it is %s of a burst that is gathered until %s (`coalesce`), or until %d have come",
              subscription->coalesce.keeps_all ? "one" : "the latest",
              moment_text (explanation->until_ms, until), (int)subscription->coalesce.max);
}

static void
say_held (const subscription_t *subscription, const explanation_t *explanation, const char *behind,
          char text [WHY_SIZE])
{
    if (explanation->reason == REASON_GATHERED) {
        say_gathered (subscription, explanation, text);
        return;
    }
    if (*behind)
        snprintf (text, WHY_SIZE,
                  "its order is by key, and event %.64s (seq %lld) of its key goes before it: that "
                  "one has not ended",
                  behind, (long long)explanation->behind_seq);
    else
        snprintf (text, WHY_SIZE,
                  "its order is by key, and an earlier event of its key goes before it: that one "
                  "has not ended");
}

static void
say_in_flight (const subscription_t *subscription, const explanation_t *explanation,
               char text [WHY_SIZE])
{
    char since [MOMENT_SIZE];
    const char *worker = *explanation->worker ? explanation->worker : "(one that has left)";
    snprintf (text, WHY_SIZE,
              "worker %.*s has it since %s, for attempt %d; its consumer has %lld ms to answer",
              shown (worker, NAME_SHOWN), worker, moment_text (explanation->sent_ms, since),
              (int)(explanation->attempts - explanation->forgiven + 1),
              (long long)subscription->retry.timeout_ms);
}

void
why_held (const subscription_t *subscription, const subscriber_view_t *view,
          const explanation_t *explanation, const char *error, const char *behind,
          char text [WHY_SIZE])
{
    switch (explanation->state) {
        case DELIVERY_WAITING: say_waiting (subscription, view, explanation, text); return;
        case DELIVERY_IN_FLIGHT: say_in_flight (subscription, explanation, text); return;
        case DELIVERY_RETRY: say_retry (subscription, explanation, error, text); return;
        case DELIVERY_HELD: say_held (subscription, explanation, behind, text); return;
        case DELIVERY_NOT_MATCHED:
        case DELIVERY_DELIVERED:
        case DELIVERY_DEAD:
        case DELIVERY_SKIPPED: break;
    }
    snprintf (text, WHY_SIZE, "%s", reason_text (explanation->reason));
}

//  ---- one that is dead

void
why_dead (const subscription_t *subscription, const char *event, const exception_t *exception,
          const char *error, char text [WHY_SIZE])
{
    char since [MOMENT_SIZE], what [80];
    int attempts = (int)(exception->attempts - exception->forgiven);
    moment_text (exception->due_ms, since);
    switch ((int)exception->reason) {
        case REASON_USED_UP:
            snprintf (what, sizeof what, "its attempts are used up, %d of %d", attempts,
                      (int)subscription->retry.max_attempts);
            break;
        case REASON_EXPIRED:
            snprintf (what, sizeof what, "it became older than retry.ttl_ms (%lld)",
                      (long long)subscription->retry.ttl_ms);
            break;
        case REASON_POISON:
            snprintf (what, sizeof what, "%d workers died over it", (int)exception->crashes);
            break;
        default: snprintf (what, sizeof what, "%s", reason_text (exception->reason)); break;
    }
    snprintf (
        text, WHY_SIZE,
        "it is dead since %s: %s%s%.*s. It is kept: `tocsin redrive %.120s %.64s` tries it again",
        since, what, *error ? "; the last error: " : "", shown (error, ERROR_SHOWN), error,
        subscription->id, event);
}
