/*  overview – the page that `tocsin top` shows, of two readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/overview.h"

#define STATUS(events, ok, retry)                                                                                                           \
    "{\"broker\": \"broker-1\", \"version\": \"0.1.0\", \"events\": " #events                                                               \
    ", \"subscriptions\": 3, \"leases\": 60, \"waiting\": 12, \"retries\": 4, \"behind\": 99,"                                              \
    "\"dead\": 2, \"broken\": 1, \"settled\": {\"ok\": " #ok ", \"retry\": " #retry                                                         \
    ", \"fail\": 0}, \"busiest\": ["                                                                                                        \
    "{\"id\": \"billing\", \"status\": \"broken\", \"reason\": \"BREAKER_OPEN\", \"until\": \"2026-11-24T03:05:00.456Z\", \"behind\": 99, " \
    "\"waiting\": 0, \"in_flight\": 0, \"in_flight_cap\": 1, \"retries\": 4, \"held\": 0, "                                                 \
    "\"dead\": 2},"                                                                                                                         \
    "{\"id\": \"shop\", \"status\": \"active\", \"reason\": \"NONE\", \"behind\": 0, "                                                      \
    "\"waiting\": 12, \"in_flight\": 60, \"in_flight_cap\": 64, \"retries\": 0, \"held\": 3, "                                              \
    "\"dead\": 0}]}"
#define WORKERS                                                                               \
    "[{\"name\": \"w1\", \"leases\": 50, \"capacity\": 100, \"credit\": 75, "                 \
    "\"heartbeat_age_ms\": 400, \"version\": \"0.1.0\"},"                                     \
    "{\"name\": \"w2\", \"leases\": 10, \"capacity\": 8, \"credit\": 0, \"draining\": true, " \
    "\"heartbeat_age_ms\": 2600, \"version\": \"0.1.0\"}]"

static glance_t
glance (const char *status, const char *workers, int64_t at_ms)
{
    glance_t made = {.status = json_loads (status, 0, NULL),
                     .workers = json_loads (workers, 0, NULL),
                     .at_ms = at_ms};
    assert_true (made.status && made.workers);
    return made;
}

static char *
draw (const overview_t *overview)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    overview_draw (overview, out);
    fclose (out);
    return text;
}

static void
expect (const overview_t *overview, const char *expected)
{
    char *came = draw (overview);
    assert_string_equal (came, expected);
    free (came);
}

//  A page of two looks, two seconds apart.
static overview_t
page (glance_t *before, glance_t *now)
{
    *before = glance (STATUS (1000, 500, 7), WORKERS, 1000);
    *now = glance (STATUS (2000, 900, 8), WORKERS, 3000);
    return (overview_t){.before = before, .now = now, .title = "tocsin top", .trouble = ""};
}

static void
it_shows_rates_loads_and_what_hinders (void **state)
{
    (void)state;
    glance_t before, now;
    overview_t overview = page (&before, &now);
    expect (&overview,
            "tocsin top\n"
            "broker broker-1 0.1.0 · 2000 events · 3 subscriptions\n"
            "a second: 500 in · 200 delivered · 0.5 to be retried · 0 failed\n"
            "dead letters 2 · breakers open 1 · under way 60 · waiting 12 · retries 4 · behind 99\n"
            "\n"
            "2 workers\n"
            "WORKER  STATE     LOAD                    LEASES  CAPACITY  CREDIT  HEARD  VERSION\n"
            "w1      active    [##########..........]      50       100      75     0s  0.1.0\n"
            "w2      draining  [####################]      10         8       0     2s  0.1.0\n"
            "\n"
            "2 subscriptions with something to do\n"
            "SUBSCRIPTION  STATUS  BEHIND  WAITING  UNDER WAY  RETRIES  HELD  DEAD  BECAUSE\n"
            "billing       broken      99        0        0/1        4     0     2  "
            "BREAKER_OPEN 03:05:00Z\n"
            "shop          active       0       12      60/64        0     3     0\n");
    glance_clear (&before);
    glance_clear (&now);
}

static void
it_keeps_within_the_screen (void **state)
{
    (void)state;
    glance_t before, now;
    overview_t overview = page (&before, &now);
    for (int i = 0; i < 40; i++) {
        json_array_append (now.workers, json_array_get (now.workers, 0));
        json_t *busiest = json_object_get (now.status, "busiest");
        json_array_append (busiest, json_array_get (busiest, 1));
    }
    overview.trouble = "tocsin: nobody answers";
    overview.width = 30;
    for (overview.height = 13; overview.height < 100; overview.height++) {
        char *text = draw (&overview);
        size_t lines = 0;
        for (const char *line = text; *line; line += strcspn (line, "\n") + 1, lines++)
            assert_true (strcspn (line, "\n") <= 30 + 5);  //  · and – have more bytes than one
        assert_true (lines <= overview.height);
        assert_true (lines + 1 >= overview.height || overview.height > 95);
        free (text);
    }
    glance_clear (&before);
    glance_clear (&now);
}

static void
there_are_no_rates_of_one_look_or_of_another_broker (void **state)
{
    (void)state;
    glance_t before, now;
    overview_t overview = page (&before, &now);
    json_object_set_new (before.status, "events", json_integer (5000));
    json_object_set_new (json_object_get (before.status, "settled"), "ok", json_integer (5000));
    char *text = draw (&overview);
    assert_non_null (strstr (text, "a second: – in · – delivered · 0.5 to be retried"));
    free (text);
    glance_clear (&before);
    text = draw (&overview);
    assert_non_null (strstr (text, "a second: – in · – delivered · – to be retried · – failed"));
    free (text);
    glance_clear (&now);
}

static void
what_somebody_should_look_at_has_a_colour (void **state)
{
    (void)state;
    glance_t before, now;
    overview_t overview = page (&before, &now);
    overview.has_colour = true;
    char *text = draw (&overview);
    assert_non_null (strstr (text, "\x1b[31mbilling "));
    assert_non_null (strstr (text, "\x1b[31mw2 "));  //  silent for more than two heartbeats
    assert_non_null (strstr (text, "\nw1 "));
    assert_non_null (strstr (text, "\nshop "));
    free (text);
    glance_clear (&now);
    overview.trouble = "tocsin: nobody answers";
    expect (&overview, "\x1b[1mtocsin top\x1b[0m\n\x1b[31mtocsin: nobody answers\x1b[0m\n");
    glance_clear (&before);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (it_shows_rates_loads_and_what_hinders),
        cmocka_unit_test (it_keeps_within_the_screen),
        cmocka_unit_test (there_are_no_rates_of_one_look_or_of_another_broker),
        cmocka_unit_test (what_somebody_should_look_at_has_a_colour),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
