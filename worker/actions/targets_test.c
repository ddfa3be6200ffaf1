#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "version.h"
#include "worker/actions/targets.h"
#include "worker/actions/webhook_action.h"

static target_t
target_of (const char *subscription, int64_t version, const char *deliver)
{
    return (target_t){.subscription = subscription,
                      .version = version,
                      .deliver = deliver,
                      .deliver_size = strlen (deliver)};
}

static const char simple [] = "{\"deliver\":{\"url\":\"http://a.example/\"}}";

static webhook_target_t *
read (const char *deliver, problem_t *problem)
{
    OWNED (json) json_t *document = json_loads (deliver, 0, NULL);
    return webhook_target_new (document, problem);
}

static const offer_t offers [] = {{.action = &webhook_action}};

static bool
has_header (const webhook_target_t *target, const char *line)
{
    for (const struct curl_slist *header = target->headers; header; header = header->next)
        if (strcmp (header->data, line) == 0)
            return true;
    return false;
}

static void
a_target_says_where_and_how (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (webhook_target)
    webhook_target_t *target =
        read ("{\"action\":{\"name\":\"webhook\"},\"deliver\":{\"url\":\"https://c.example/x\","
              "\"format\":\"raw\",\"headers\":{\"X-Team\":\"updates\",\"X-None\":\" \"},"
              "\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"},\"final\":[400,404,501]}",
              &problem);
    assert_non_null (target);
    assert_string_equal (target->url, "https://c.example/x");
    assert_int_equal (target->format, FORMAT_RAW);
    assert_non_null (target->signer);
    assert_true (has_header (target, "X-Team: updates"));
    assert_true (has_header (target, "X-None;"));
    assert_true (has_header (target, "Expect:"));
    assert_true (has_header (target, "User-Agent: Tocsin/" TOCSIN_VERSION));
    assert_false (has_header (target, "Tocsin-Replay: r1"));
    assert_true (target->is_final [0] && target->is_final [4] && target->is_final [101]);
    assert_false (target->is_final [1]);
}

static void
without_a_format_it_is_cloudevents (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (webhook_target) webhook_target_t *target = read (simple, &problem);
    assert_int_equal (target->format, FORMAT_CLOUDEVENTS);
    assert_null (target->signer);
}

static void
what_is_no_target_is_refused_with_its_place (void **state)
{
    (void)state;
    static const char *const none [] = {
        "{\"deliver\":{}}",
        "{\"deliver\":{\"url\":\"http://a\",\"format\":\"xml\"}}",
        "{\"deliver\":{\"url\":\"http://a\",\"headers\":{\"A\":\"b\\r\\nC: d\"}}}",
        "{\"deliver\":{\"url\":\"http://a\",\"headers\":{\"A:\":\"b\"}}}",
        "{\"deliver\":{\"url\":\"http://a\",\"headers\":{\"A\":1}}}",
        "{\"deliver\":{\"url\":\"http://a\",\"secret\":\"whsec_?\"}}",
        "{\"deliver\":{\"url\":\"http://a\",\"secret\":[1]}}",
        NULL};
    for (const char *const *text = none; *text; text++) {
        problem_t problem = {0};
        assert_null (read (*text, &problem));
        assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
        assert_ptr_equal (strstr (problem.text, "deliver."), problem.text);
    }
}

static void
a_sentence_about_bad_json_does_not_quote_it (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (targets) targets_t *targets = targets_new (8, offers, 1);
    target_t target = target_of ("S", 1, "{\"deliver\":{\"secret\":\"whsec_hidden\" whsec_hidden");
    assert_null (targets_get (targets, &target, &problem));
    assert_null (strstr (problem.text, "hidden"));
}

static void
an_action_that_is_not_offered_is_named (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (targets) targets_t *targets = targets_new (8, offers, 1);
    target_t target = target_of ("S", 1, "{\"action\":{\"name\":\"paint\"}}");
    assert_null (targets_get (targets, &target, &problem));
    assert_string_equal (problem.text, "action.name: this worker does not offer \"paint\"");
}

static void
a_target_is_parsed_once_for_each_version (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (targets) targets_t *targets = targets_new (8, offers, 1);
    target_t first = target_of ("S", 1, simple);
    void *one = targets_get (targets, &first, &problem)->ready;
    OWNED (webhook_target) webhook_target_t *kept = webhook_target_ref (one);
    assert_ptr_equal (targets_get (targets, &first, &problem)->ready, one);
    target_t second = target_of ("S", 2, simple);
    assert_ptr_not_equal (targets_get (targets, &second, &problem)->ready, one);
    assert_int_equal (targets_count (targets), 1);
    assert_string_equal (kept->url, "http://a.example/");  //  still there for who has it
}

static void
the_longest_unused_makes_room (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (targets) targets_t *targets = targets_new (2, offers, 1);
    const char *names [] = {"a", "b", "a", "c"};
    const void *got [4];
    for (int i = 0; i < 4; i++) {
        target_t target = target_of (names [i], 1, simple);
        got [i] = targets_get (targets, &target, &problem)->ready;
    }
    assert_int_equal (targets_count (targets), 2);
    target_t a = target_of ("a", 1, simple);
    assert_ptr_equal (targets_get (targets, &a, &problem)->ready, got [0]);
}

static void
a_replay_is_marked (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (webhook_target)
    webhook_target_t *target =
        read ("{\"deliver\":{\"url\":\"http://a.example/\"},\"replay\":\"r1\"}", &problem);
    assert_non_null (target);
    assert_true (has_header (target, "Tocsin-Replay: r1"));
    assert_null (read ("{\"deliver\":{\"url\":\"http://a.example/\"},\"replay\":\"a\\r\\nb: c\"}",
                       &problem));
    assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_target_says_where_and_how),
        cmocka_unit_test (a_replay_is_marked),
        cmocka_unit_test (without_a_format_it_is_cloudevents),
        cmocka_unit_test (what_is_no_target_is_refused_with_its_place),
        cmocka_unit_test (a_sentence_about_bad_json_does_not_quote_it),
        cmocka_unit_test (an_action_that_is_not_offered_is_named),
        cmocka_unit_test (a_target_is_parsed_once_for_each_version),
        cmocka_unit_test (the_longest_unused_makes_room),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
