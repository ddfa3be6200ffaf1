#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/labels.h"
#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"

#define SIXTY_FOUR "a234567890123456789012345678901234567890123456789012345678901234"

static void
expect_set (const char *const *list, size_t count, const char *expected)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    char *set = labels_new (list, count, &limits, &problem);
    if (!set)
        fail_msg ("%s", problem.text);
    assert_string_equal (set, expected);
    free (set);
}

static void
refuse (const char *const *list, size_t count, const char *sentence)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    assert_null (labels_new (list, count, &limits, &problem));
    assert_int_equal (problem.status, STATUS_BAD_PARAMETER);
    assert_string_equal (problem.text, sentence);
}

static void
a_set_is_sorted_however_it_came (void **state)
{
    (void)state;
    expect_set (NULL, 0, "");
    expect_set ((const char *[]){"tier=fast", "region=eu", "a/b.c_d-e=1"}, 3,
                "a/b.c_d-e=1 region=eu tier=fast");
    expect_set ((const char *[]){"a-b=2", "a=1"}, 2, "a-b=2 a=1");
    expect_set ((const char *[]){SIXTY_FOUR "=" SIXTY_FOUR}, 1, SIXTY_FOUR "=" SIXTY_FOUR);
}

static void
what_is_no_label_is_refused_with_a_sentence (void **state)
{
    (void)state;
    static const char long_name [] = SIXTY_FOUR "5=x", long_value [] = "x=" SIXTY_FOUR "5";
    static const char *const none [] = {
        "",     "region",          "=eu",     "region=", "re gion=eu", "region=e u",
        "a=b=", "region=\xc3\xa4", long_name, long_value};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char sentence [240];
        snprintf (sentence, sizeof sentence,
                  "\"%.60s\" is no label: NAME=VALUE, as in region=eu, each 1 to 64 of A-Z, a-z, "
                  "0-9, _ . - and /",
                  none [i]);
        refuse (&none [i], 1, sentence);
    }
    refuse ((const char *[]){"region=eu", "a=1", "region=us"}, 3,
            "the label \"region\" comes twice; it has one value");
    refuse ((const char *[]){"a=1", "a=1"}, 2, "the label \"a\" comes twice; it has one value");
    const char *many [17];
    for (size_t i = 0; i < 17; i++)
        many [i] = "a=1";
    refuse (many, 17, "17 labels are more than limits/labels (16)");
}

static void
all_that_is_wanted_has_to_be_offered (void **state)
{
    (void)state;
    assert_true (labels_have ("", ""));
    assert_true (labels_have ("region=eu", ""));
    assert_true (labels_have ("region=eu", "region=eu"));
    assert_true (labels_have ("a=1 region=eu tier=fast", "region=eu"));
    assert_true (labels_have ("a=1 region=eu tier=fast", "a=1 tier=fast"));
    assert_false (labels_have ("", "region=eu"));
    assert_false (labels_have ("region=us", "region=eu"));
    assert_false (labels_have ("region=eu", "region=e"));
    assert_false (labels_have ("region=e", "region=eu"));
    assert_false (labels_have ("region=eu", "region=eu tier=fast"));
    assert_false (labels_have ("a=1 tier=fast", "a=1 region=eu tier=fast"));
}

//  ---- of a subscription

static subscription_t *
read_worker (const char *worker, problem_t *problem)
{
    char text [2000];
    snprintf (text, sizeof text,
              "{\"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/hook\"}%s%s}",
              *worker ? ", \"worker\": " : "", worker);
    OWNED (json) json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null (json);
    limits_t limits = limits_default ();
    return subscription_new (json, 1, &limits, problem);
}

static void
expect_labels (const char *worker, const char *labels)
{
    problem_t problem = {0};
    OWNED (subscription) subscription_t *self = read_worker (worker, &problem);
    if (!self)
        fail_msg ("%s", problem.text);
    assert_string_equal (self->labels, labels);
}

static void
a_subscription_may_require_labels (void **state)
{
    (void)state;
    expect_labels ("", "");
    expect_labels ("{}", "");
    expect_labels ("{\"labels\": {}}", "");
    expect_labels ("{\"labels\": {\"tier\": \"fast\", \"region\": \"eu\"}}", "region=eu tier=fast");
    problem_t problem = {0};
    OWNED (subscription)
    subscription_t *self = read_worker ("{\"labels\": {\"region\": \"eu\"}}", &problem);
    OWNED (subscription) subscription_t *paused = subscription_with_state (self, 2, true, NULL);
    assert_string_equal (paused->labels, "region=eu");
}

static void
a_wrong_requirement_is_refused_with_a_sentence (void **state)
{
    (void)state;
    static const struct {
        const char *worker, *sentence;
    } wrong [] = {
        {"1", "worker: it is an object with labels"},
        {"{\"label\": {}}", "worker: \"label\" is no member of it; there are labels"},
        {"{\"labels\": [\"region=eu\"]}",
         "worker.labels: it is an object, as in {\"region\": \"eu\"}"},
        {"{\"labels\": {\"re gion\": \"eu\"}}", "worker.labels: \"re gion\": a label's name is 1 "
                                                "to 64 of A-Z, a-z, 0-9, _ . - and /"},
        {"{\"labels\": {\"region\": 1}}", "worker.labels: \"region\": a label's value is a string "
                                          "of 1 to 64 of A-Z, a-z, 0-9, _ . - and /"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        problem_t problem = {0};
        assert_null (read_worker (wrong [i].worker, &problem));
        assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
        assert_string_equal (problem.text, wrong [i].sentence);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_set_is_sorted_however_it_came),
        cmocka_unit_test (what_is_no_label_is_refused_with_a_sentence),
        cmocka_unit_test (all_that_is_wanted_has_to_be_offered),
        cmocka_unit_test (a_subscription_may_require_labels),
        cmocka_unit_test (a_wrong_requirement_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
