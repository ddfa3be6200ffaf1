/*  What leaves the log of a real broker, and what stays as long as somebody needs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/calls_scene.h"
#include "daemon/clock.h"
#include "proto/model/owned.h"

enum { PATIENCE_MS = 20000 };

static int
begin (void **state, const char *first, const char *second)
{
    *state = scene_new ((const char *const []){"retention/interval_s=1", first, second, NULL});
    return 0;
}

//  Any log is larger than a byte.
static int
set_up_small (void **state)
{
    return begin (state, "retention/bytes=1", NULL);
}

static int
set_up_hard (void **state)
{
    return begin (state, "retention/hard_bytes=1", "broker/tells=1");
}

static int
set_up_mortal (void **state)
{
    return begin (state, "retention/dead_letter_age_s=1", NULL);
}

static int64_t
metric (const scene_t *world, const char *name)
{
    json_t *metrics = actor_call (world->gateway, "metrics", NULL);
    const char *text = json_string_value (json_object_get (metrics, "text"));
    char line [80];
    snprintf (line, sizeof line, "\n%s ", name);
    const char *found = strstr (text, line);
    if (!found)
        fail_msg ("/metrics does not have %s", name);
    int64_t value = strtoll (found + strlen (line), NULL, 10);
    json_decref (metrics);
    return value;
}

static void
await_metric (const scene_t *world, const char *name, int64_t value)
{
    int64_t until_ms = monotonic_ms () + PATIENCE_MS;
    while (metric (world, name) != value)
        if (monotonic_ms () > until_ms)
            fail_msg ("%s never became %lld", name, (long long)value);
}

static bool
has_event (const scene_t *world, const char *id)
{
    json_t *reply = NULL;
    status_t status =
        actor_try (world->gateway, "event.get", json_pack ("{s:s}", "id", id), &reply);
    assert_true (status == STATUS_OK || status == STATUS_NOT_FOUND);
    json_decref (reply);
    return status == STATUS_OK;
}

static void
publish (const scene_t *world, int count)
{
    for (int i = 1; i <= count; i++) {
        char id [16];
        snprintf (id, sizeof id, "e%d", i);
        actor_publish_and_wait (world->gateway, id, "1");
    }
}

static void
what_nobody_needs_leaves_a_log_that_is_too_large (void **state)
{
    scene_t *world = *state;
    publish (world, 5);
    await_metric (world, "tocsin_retention_deleted_total", 5);
    assert_false (has_event (world, "e1"));
    await_metric (world, "tocsin_log_events", 0);
    assert_int_equal (metric (world, "tocsin_retention_skipped"), 0);
    assert_true (metric (world, "tocsin_store_bytes") > 0);
    assert_int_equal (actor_publish_and_wait (world->gateway, "e1", "again").seq, 6);
}

static void
what_a_subscription_needs_stays (void **state)
{
    scene_t *world = *state;
    actor_subscribe (world->gateway, "S");
    publish (world, 3);
    await_metric (world, "tocsin_log_events", 3);  //  it was weighed, and found too heavy
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    uint64_t session = actor_join (worker, "w1", 1);
    for (int i = 1; i <= 3; i++) {
        given_t given = actor_expect_delivery (worker, session);
        assert_int_equal (given.event [1], '0' + i);
        assert_true (has_event (world, given.event));
        actor_settle (worker, session, given.lease, OUTCOME_OK);
        actor_expect_settled (worker, given.lease);
        actor_grant (worker, session, (uint64_t)i + 1);
    }
    await_metric (world, "tocsin_log_events", 0);
    assert_false (has_event (world, "e3"));
    assert_int_equal (metric (world, "tocsin_retention_skipped"), 0);
}

static void
beyond_the_hard_limit_it_goes_all_the_same_and_that_is_told (void **state)
{
    scene_t *world = *state;
    actor_subscribe (world->gateway, "S");
    publish (world, 3);
    await_metric (world, "tocsin_retention_skipped", 3);
    int64_t until_ms = monotonic_ms () + PATIENCE_MS;
    while (has_event (world, "e3"))
        assert_true (monotonic_ms () < until_ms);
    assert_true (metric (world, "tocsin_log_seq") > 3);  //  tocsin.retention.skipped
}

static void
a_dead_letter_is_discarded_when_it_is_old (void **state)
{
    scene_t *world = *state;
    OWNED (actor) actor_t *worker = actor_worker (world->stage);
    actor_subscribe (world->gateway, "S");
    uint64_t session = actor_join (worker, "w1", 1);
    publish (world, 1);
    given_t given = actor_expect_delivery (worker, session);
    actor_settle (worker, session, given.lease, OUTCOME_FAIL);
    actor_expect_settled (worker, given.lease);
    await_metric (world, "tocsin_retention_discarded_total", 1);
    await_metric (world, "tocsin_dead_letters", 0);
    assert_true (has_event (world, "e1"));  //  the log keeps it for its own age
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (what_nobody_needs_leaves_a_log_that_is_too_large,
                                         set_up_small, scene_tear_down),
        cmocka_unit_test_setup_teardown (what_a_subscription_needs_stays, set_up_small,
                                         scene_tear_down),
        cmocka_unit_test_setup_teardown (
            beyond_the_hard_limit_it_goes_all_the_same_and_that_is_told, set_up_hard,
            scene_tear_down),
        cmocka_unit_test_setup_teardown (a_dead_letter_is_discarded_when_it_is_old, set_up_mortal,
                                         scene_tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
