#include "cli/outcome.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"
#include "proto/model/owned.h"

enum { PAUSE_MS = 50 };  //  between two looks

json_t *
outcome_fetch (client_t *client, const char *id, problem_t *problem)
{
    OWNED (json) json_t *answer = NULL;
    char *path = client_path (client, "/v1/events", id);
    status_t status = client_call (client, "GET", path, NULL, &answer, problem);
    free (path);
    json_t *event = json_object_get (answer, "data");
    if (!status && !event)
        problem_set (problem, STATUS_INTERNAL, "the answer holds no event: see the gateway's log");
    return status ? NULL : json_incref (event);
}

static const char *
outcome_text (const json_t *object, const char *name)
{
    const char *text = json_string_value (json_object_get (object, name));
    return text ? text : "";
}

//  "connect 0.352 ms", if the attempt says so.
static const char *
outcome_print_moment (const json_t *attempt, const char *name, const char *words,
                      const char *before)
{
    double ms = json_number_value (json_object_get (attempt, name));
    if (ms <= 0)
        return before;
    printf ("%s%s %.1f ms", before, words, ms);
    return ", ";
}

//  Where its time went, counted from its beginning: " (connection after 0.4 ms, …)".
static void
outcome_print_moments (const json_t *attempt)
{
    const char *before = "  (";
    before = outcome_print_moment (attempt, "connect_ms", "connected after", before);
    before = outcome_print_moment (attempt, "tls_ms", "TLS after", before);
    before = outcome_print_moment (attempt, "first_byte_ms", "first byte after", before);
    if (*before == ',')
        printf (")");
}

static void
outcome_print_attempt (const json_t *attempt)
{
    const json_t *http = json_object_get (attempt, "http_status");
    const char *error = outcome_text (attempt, "error");
    printf ("        attempt %" JSON_INTEGER_FORMAT "  %s  %" JSON_INTEGER_FORMAT " ms  %s",
            json_integer_value (json_object_get (attempt, "number")),
            outcome_text (attempt, "time"),
            json_integer_value (json_object_get (attempt, "duration_ms")),
            outcome_text (attempt, "outcome"));
    if (json_integer_value (http))
        printf ("  HTTP %" JSON_INTEGER_FORMAT, json_integer_value (http));
    outcome_print_moments (attempt);
    printf ("  by %s%s%s\n", outcome_text (attempt, "worker"), *error ? ": " : "", error);
}

//  What its worker told last of an attempt that is under way.
static void
outcome_print_progress (const json_t *progress)
{
    json_int_t percent = json_integer_value (json_object_get (progress, "percent"));
    if (!progress)
        return;
    printf ("        under way");
    if (percent > 0)
        printf ("  %" JSON_INTEGER_FORMAT " %%", percent);
    printf ("  %s  (told %s)\n", outcome_text (progress, "text"), outcome_text (progress, "time"));
}

void
outcome_print_deliveries (const json_t *event)
{
    const json_t *deliveries = json_object_get (event, "deliveries");
    size_t i, j;
    json_t *delivery, *attempt;
    if (json_array_size (deliveries) == 0)
        puts ("    no subscription wants it");
    json_array_foreach (deliveries, i, delivery)
    {
        const char *next = outcome_text (delivery, "next_attempt");
        const char *replay = outcome_text (delivery, "replay");
        const char *instead = outcome_text (delivery, "instead");
        printf ("    to %s%s%s%s: %s%s%s%s%s\n", outcome_text (delivery, "subscription"),
                *replay ? " (replay " : "", replay, *replay ? ")" : "",
                outcome_text (delivery, "status"), *next ? ", again " : "", next,
                *instead ? ": of its burst went " : "", instead);
        json_array_foreach (json_object_get (delivery, "attempts"), j, attempt)
            outcome_print_attempt (attempt);
        outcome_print_progress (json_object_get (delivery, "progress"));
    }
}

static bool
outcome_has_ended (const json_t *event)
{
    static const char *const ends [] = {"delivered", "dead", "skipped"};
    size_t i;
    json_t *delivery;
    json_array_foreach (json_object_get (event, "deliveries"), i, delivery)
    {
        const char *status = outcome_text (delivery, "status");
        bool has_ended = false;
        for (size_t j = 0; j < sizeof ends / sizeof ends [0]; j++)
            has_ended = has_ended || strcmp (status, ends [j]) == 0;
        if (!has_ended)
            return false;
    }
    return true;
}

status_t
outcome_wait (client_t *client, const char *id, int seconds, problem_t *problem)
{
    int64_t deadline_ms = monotonic_ms () + (int64_t)seconds * 1000;
    for (;;) {
        OWNED (json) json_t *event = outcome_fetch (client, id, problem);
        if (!event)
            return problem->status;
        bool has_ended = outcome_has_ended (event);
        bool is_late = monotonic_ms () >= deadline_ms;
        if (has_ended || is_late)
            outcome_print_deliveries (event);
        if (has_ended)
            return STATUS_OK;
        if (is_late)
            return problem_set (problem, STATUS_SYSTEM,
                                "not every delivery has ended after %d s; they go on", seconds);
        nanosleep (&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}
