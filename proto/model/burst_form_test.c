#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"

//  A subscription with these members beside what it needs; NULL and a problem.
static subscription_t *
read_more (const char *members, problem_t *problem)
{
    char text [1000];
    snprintf (text, sizeof text,
              "{\"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/hook\"%s}",
              members);
    OWNED (json) json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        fail_msg ("no JSON: %s", text);
    limits_t limits = limits_default ();
    return subscription_new (json, 1, &limits, problem);
}

static subscription_t *
read_good (const char *members)
{
    problem_t problem = {0};
    subscription_t *self = read_more (members, &problem);
    if (!self)
        fail_msg ("%s: %s", members, problem.text);
    return self;
}

static void
refuse (const char *members, const char *sentence)
{
    problem_t problem = {0};
    if (read_more (members, &problem))
        fail_msg ("taken: %s", members);
    assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.text, sentence);
}

static void
without_them_each_event_goes_by_itself (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good ("}");
    assert_int_equal (self->batch.max_events, 0);
    assert_int_equal (self->coalesce.by, COALESCE_NEVER);
    assert_null (json_object_get (self->document, "batch"));
    assert_null (json_object_get (self->document, "coalesce"));
}

static void
a_batch_is_read_with_its_defaults_and_told_to_the_worker (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good ("}, \"batch\": {}");
    assert_int_equal (self->batch.max_events, 100);
    assert_int_equal (self->batch.max_wait_ms, 1000);
    assert_non_null (strstr (self->deliver_json, "\"batch\":{\"max_events\":100"));
    OWNED (subscription)
    subscription_t *other = read_good ("}, \"batch\": {\"max_events\": 2, \"max_wait_ms\": 0}");
    assert_int_equal (other->batch.max_events, 2);
    assert_int_equal (other->batch.max_wait_ms, 0);
}

static void
what_cannot_hold_many_events_is_refused_in_words (void **state)
{
    (void)state;
    refuse (", \"format\": \"kinto\"}, \"batch\": {}",
            "batch: deliver.format \"kinto\" holds one event; only \"cloudevents\" holds many");
    refuse ("}, \"action\": {\"name\": \"counter\"}, \"batch\": {}",
            "batch: only the action webhook takes many events at once, not counter");
    refuse (", \"body\": {\"x\": \"{subject}\"}}, \"batch\": {}",
            "batch: deliver.body makes the body of one event: there are many here");
    refuse (", \"headers\": {\"X-Subject\": \"{subject}\"}}, \"batch\": {}",
            "batch: deliver.url and deliver.headers cannot be templates: they would speak of one "
            "event of many");
    refuse ("}, \"transform\": {\"jq\": \".\"}, \"batch\": {}",
            "batch: a transform makes one event of one: there are many here");
    refuse ("}, \"batch\": {\"max_events\": 1}", "batch.max_events: 1 is not in 2 … 1000");
    refuse ("}, \"batch\": {\"size\": 1}",
            "batch: \"size\" is no member of it; there are max_events max_wait_ms");
}

static void
coalescing_is_read_with_its_defaults (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self = read_good ("}, \"coalesce\": {\"by\": \"subject\"}");
    assert_int_equal (self->coalesce.by, COALESCE_BY_SUBJECT);
    assert_int_equal (self->coalesce.window_ms, 1000);
    assert_int_equal (self->coalesce.max, 1000);
    assert_false (self->coalesce.keeps_all);
    assert_int_equal (self->batch.max_events, 0);
    OWNED (subscription)
    subscription_t *other =
        read_good ("}, \"coalesce\": {\"by\": \"/new/id\", \"window_ms\": 5000, \"max\": 7}");
    assert_int_equal (other->coalesce.by, COALESCE_BY_POINTER);
    assert_string_equal (other->coalesce.pointer, "/new/id");
    assert_int_equal (other->coalesce.window_ms, 5000);
    assert_int_equal (other->coalesce.max, 7);
    OWNED (subscription) subscription_t *third = read_good ("}, \"coalesce\": {\"by\": \"key\"}");
    assert_int_equal (third->coalesce.by, COALESCE_BY_KEY);
}

static void
who_keeps_all_has_a_batch (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self =
        read_good ("}, \"coalesce\": {\"by\": \"key\", \"keep\": \"all\", \"max\": 30}");
    assert_true (self->coalesce.keeps_all);
    assert_int_equal (self->batch.max_events, 30);
    assert_int_equal (self->batch.max_wait_ms, 0);
    refuse (
        "}, \"batch\": {\"max_events\": 5}, \"coalesce\": {\"by\": \"key\", \"keep\": \"all\", "
        "\"max\": 6}",
        "coalesce.max: it is 6, and batch.max_events is 5: a burst that is kept goes in one batch");
    refuse (
        "}, \"order\": \"key\", \"coalesce\": {\"by\": \"key\", \"keep\": \"all\"}",
        "coalesce.keep: \"all\" does not go with order \"key\": of one key only one event is under way "
        "at a time, so that no batch can hold two");
}

static void
what_is_no_place_is_refused (void **state)
{
    (void)state;
    refuse ("}, \"coalesce\": {\"by\": \"type\"}",
            "coalesce.by: \"type\" is none of subject, key, and a JSON pointer as in /new/id");
    refuse ("}, \"coalesce\": {\"by\": \"/a~2\"}",
            "coalesce.by: \"/a~2\" is none of subject, key, and a JSON pointer as in /new/id");
    problem_t problem = {0};
    assert_null (read_more ("}, \"coalesce\": {}", &problem));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (without_them_each_event_goes_by_itself),
        cmocka_unit_test (a_batch_is_read_with_its_defaults_and_told_to_the_worker),
        cmocka_unit_test (what_cannot_hold_many_events_is_refused_in_words),
        cmocka_unit_test (coalescing_is_read_with_its_defaults),
        cmocka_unit_test (who_keeps_all_has_a_batch),
        cmocka_unit_test (what_is_no_place_is_refused),
    };
    return cmocka_run_group_tests_name ("burst_form", tests, NULL, NULL);
}
