#include "daemon/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/owned.h"

static void
expect_line (const metrics_t *metrics, const char *line)
{
    char *text = metrics_text (metrics);
    char whole [200];
    snprintf (whole, sizeof whole, "\n%s\n", line);
    if (!strstr (text, whole))
        fail_msg ("there is no line `%s` in\n%s", line, text);
    free (text);
}

static void
a_role_shows_its_own_metrics_and_no_others (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("gateway");
    char *text = metrics_text (metrics);
    assert_non_null (strstr (text, "# TYPE tocsin_http_requests_total counter\n"));
    assert_non_null (strstr (text, "# TYPE tocsin_http_request_seconds histogram\n"));
    assert_non_null (strstr (text, "# TYPE tocsin_broker_connected gauge\n"));
    assert_null (strstr (text, "tocsin_commits"));
    free (text);
}

static void
counters_add_up_and_gauges_are_set (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("broker");
    metrics_add (metrics, METRIC_commits, 2);
    metrics_add (metrics, METRIC_commits, 3);
    metrics_set (metrics, METRIC_sessions, 7);
    metrics_add (metrics, METRIC_sessions, -3);
    expect_line (metrics, "tocsin_commits_total 5");
    expect_line (metrics, "tocsin_sessions 4");
    expect_line (metrics, "tocsin_events_accepted_total 0");
}

static void
a_labelled_counter_has_a_line_for_each_value (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("broker");
    metrics_add_labelled (metrics, METRIC_settled, "ok", 2);
    metrics_add_labelled (metrics, METRIC_settled, "retry", 1);
    metrics_add_labelled (metrics, METRIC_settled, "ok", 1);
    metrics_add_labelled (metrics, METRIC_settled, "a \"word\"\\\n", 1);
    expect_line (metrics, "tocsin_settled_total{outcome=\"ok\"} 3");
    expect_line (metrics, "tocsin_settled_total{outcome=\"retry\"} 1");
    expect_line (metrics, "tocsin_settled_total{outcome=\"a \\\"word\\\"\\\\ \"} 1");
}

static void
more_values_than_there_is_room_for_are_other (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("broker");
    for (int i = 0; i < 100; i++) {
        char value [8];
        snprintf (value, sizeof value, "v%d", i);
        metrics_add_labelled (metrics, METRIC_settled, value, 1);
    }
    expect_line (metrics, "tocsin_settled_total{outcome=\"v63\"} 1");
    expect_line (metrics, "tocsin_settled_total{outcome=\"other\"} 36");
}

static void
a_histogram_counts_up_to_each_bound (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("broker");
    metrics_observe (metrics, METRIC_commit_seconds, 100);
    metrics_observe (metrics, METRIC_commit_seconds, 101);
    metrics_observe (metrics, METRIC_commit_seconds, 70000000);
    expect_line (metrics, "tocsin_commit_seconds_bucket{le=\"0.0001\"} 1");
    expect_line (metrics, "tocsin_commit_seconds_bucket{le=\"0.00025\"} 2");
    expect_line (metrics, "tocsin_commit_seconds_bucket{le=\"60\"} 2");
    expect_line (metrics, "tocsin_commit_seconds_bucket{le=\"+Inf\"} 3");
    expect_line (metrics, "tocsin_commit_seconds_sum 70.000201");
    expect_line (metrics, "tocsin_commit_seconds_count 3");
}

enum { THREADS = 4, ROUNDS = 5000 };

static void *
count (void *metrics)
{
    for (int i = 0; i < ROUNDS; i++) {
        char value [8];
        snprintf (value, sizeof value, "v%d", i % 50);
        metrics_add_labelled ((metrics_t *)metrics, METRIC_settled, value, 1);
        metrics_add ((metrics_t *)metrics, METRIC_commits, 1);
    }
    return NULL;
}

static void
threads_that_count_at_once_lose_nothing (void **state)
{
    (void)state;
    OWNED (metrics) metrics_t *metrics = metrics_new ("broker");
    pthread_t threads [THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create (&threads [i], NULL, count, metrics);
    for (int i = 0; i < THREADS; i++)
        pthread_join (threads [i], NULL);
    char line [80];
    snprintf (line, sizeof line, "tocsin_commits_total %d", THREADS * ROUNDS);
    expect_line (metrics, line);
    snprintf (line, sizeof line, "tocsin_settled_total{outcome=\"v49\"} %d", THREADS * ROUNDS / 50);
    expect_line (metrics, line);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_role_shows_its_own_metrics_and_no_others),
        cmocka_unit_test (counters_add_up_and_gauges_are_set),
        cmocka_unit_test (a_labelled_counter_has_a_line_for_each_value),
        cmocka_unit_test (more_values_than_there_is_room_for_are_other),
        cmocka_unit_test (a_histogram_counts_up_to_each_bound),
        cmocka_unit_test (threads_that_count_at_once_lose_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
