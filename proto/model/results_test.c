#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "proto/model/results.h"

#define SECRET "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define EXEC   "\"id\": \"S\", \"match\": {\"type\": \"a.b\"}, \"action\": {\"name\": \"exec\"}"
#define TO     "\"deliver\": {\"url\": \"http://c.example/r\", \"secret\": \"" SECRET "\"}"

static subscription_t *
read_document (const char *text, problem_t *problem)
{
    limits_t limits = limits_default ();
    OWNED (json) json_t *document = json_loads (text, 0, NULL);
    assert_non_null (document);
    return subscription_new (document, 7, &limits, problem);
}

static subscription_t *
read_good (const char *text)
{
    problem_t problem = {0};
    subscription_t *self = read_document (text, &problem);
    if (!self)
        fail_msg ("%s", problem.text);
    return self;
}

static void
refuse (const char *text, const char *name, const char *sentence)
{
    problem_t problem = {0};
    assert_null (read_document (text, &problem));
    assert_string_equal (problem.name, name);
    assert_string_equal (problem.text, sentence);
}

static subscription_t *
companion_of (const subscription_t *self)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    subscription_t *companion = subscription_results (self, 8, &limits, &problem);
    if (!companion)
        fail_msg ("%s", problem.text);
    return companion;
}

static void
without_emit_or_url_nothing_becomes_of_a_result (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good ("{" EXEC "}");
    assert_null (self->emit.type);
    assert_false (self->delivers_results);
    OWNED (subscription)
    subscription_t *hook = read_good ("{\"match\": {}, " TO "}");  //  a webhook's url is its own
    assert_null (hook->emit.type);
    assert_false (hook->delivers_results);
}

static void
emit_says_what_the_new_event_is (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self = read_good (
        "{" EXEC
        ", \"emit\": {\"type\": \"b.done\", \"subject\": \"/x\", \"source\": \"urn:build\"}}");
    assert_string_equal (self->emit.type, "b.done");
    assert_string_equal (self->emit.subject, "/x");
    assert_string_equal (self->emit.source, "urn:build");
    OWNED (subscription)
    subscription_t *least = read_good ("{" EXEC ", \"emit\": {\"type\": \"b.done\"}}");
    assert_null (least->emit.subject);
    assert_string_equal (least->emit.source, "tocsin");
}

static void
what_emit_cannot_be_is_told (void **state)
{
    (void)state;
    refuse ("{" EXEC ", \"emit\": {}}", "emit.type",
            "emit.type: it is missing; say what the new event is, as in \"addons.released\"");
    refuse ("{" EXEC ", \"emit\": {\"type\": \"a..b\"}}", "emit.type",
            "emit.type: \"a..b\" is no row of words of A-Z, a-z, 0-9, _ and - with a dot between "
            "them");
    refuse ("{" EXEC ", \"emit\": {\"type\": \"tocsin.x\"}}", "emit.type",
            "emit.type: what begins with tocsin. is told by Tocsin itself: choose another first "
            "word");
    refuse ("{\"match\": {\"phase\": \"pre\"}, \"action\": {\"name\": \"exec\"}, \"emit\": "
            "{\"type\": \"a\"}}",
            "emit",
            "emit: there is none with match.phase \"pre\": the answer of a question goes back to "
            "who asked");
    refuse ("{" EXEC ", \"emit\": {\"type\": \"a\", \"subject\": 1}}", "emit.subject",
            "emit.subject: it is a string, and not empty");
    refuse ("{" EXEC ", \"emit\": {\"type\": \"a\", \"data\": 1}}", "emit",
            "emit: \"data\" is no member of it; there are type subject source");
}

static void
a_companion_goes_where_the_results_are_to_go (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self = read_good ("{" EXEC ", " TO ", \"order\": \"key\"}");
    assert_true (self->delivers_results);
    assert_string_equal (self->emit.type, RESULTS_TYPE);
    OWNED (subscription) subscription_t *companion = companion_of (self);
    assert_string_equal (companion->id, "S~results");
    assert_string_equal (companion->results_of, "S");
    assert_string_equal (companion->action, "webhook");
    assert_int_equal (companion->order, ORDER_KEY);
    assert_int_equal (companion->start, START_NOW);
    assert_null (companion->emit.type);
    assert_false (companion->delivers_results);
    assert_non_null (strstr (companion->deliver_json, "http://c.example/r"));
    assert_non_null (strstr (companion->deliver_json, SECRET));
}

static void
a_companion_wants_what_the_action_made_and_nothing_else (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self = read_good ("{" EXEC ", " TO ", \"emit\": {\"type\": \"b.done\"}}");
    OWNED (subscription) subscription_t *companion = companion_of (self);
    event_t event = {.type = "b.done", .subject = "/", .via = "S"};
    match_data_t data = {.event = &event};
    assert_int_equal (match_asks (companion->match, &data), MATCH_YES);
    event.via = "S2";
    assert_int_equal (match_asks (companion->match, &data), MATCH_NO_VIA);
    event.via = "";
    problem_t why = {0};
    assert_int_equal (match_explain (companion->match, &data, &why), MATCH_NO_VIA);
    assert_string_equal (why.text, "match.via: results of S are asked for, and this is none");
}

static void
results_have_a_policy_of_their_own (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self =
        read_good ("{" EXEC ", " TO ", \"retry\": {\"max_attempts\": 1, \"timeout_ms\": 600000},"
                   " \"results\": {\"retry\": {\"max_attempts\": 5}}}");
    OWNED (subscription) subscription_t *companion = companion_of (self);
    assert_int_equal (self->retry.max_attempts, 1);
    assert_int_equal (companion->retry.max_attempts, 5);
    assert_int_equal (companion->retry.timeout_ms, 15000);
    refuse ("{" EXEC ", " TO ", \"results\": {\"retry\": {\"max_attempts\": 0}}}",
            "results.retry.max_attempts", "results.retry.max_attempts: 0 is not in 1 … 100");
    refuse ("{" EXEC ", \"results\": {}}", "results",
            "results: it is how the result of another action than webhook gets to deliver.url, and "
            "there is none");
}

static void
a_companion_stands_still_with_its_subscription_and_is_kept_by_the_store (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self =
        read_good ("{" EXEC ", " TO ", \"disabled\": true, \"disabled_because\": \"gone\"}");
    OWNED (subscription) subscription_t *companion = companion_of (self);
    assert_true (companion->is_disabled);
    char *text = subscription_dump (companion);
    limits_t limits = limits_default ();
    OWNED (subscription)
    subscription_t *again = subscription_load (text, strlen (text), &limits, NULL);
    free (text);
    assert_string_equal (again->id, "S~results");
    assert_string_equal (again->results_of, "S");
    assert_string_equal (again->deliver_json, companion->deliver_json);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (without_emit_or_url_nothing_becomes_of_a_result),
        cmocka_unit_test (emit_says_what_the_new_event_is),
        cmocka_unit_test (what_emit_cannot_be_is_told),
        cmocka_unit_test (a_companion_goes_where_the_results_are_to_go),
        cmocka_unit_test (a_companion_wants_what_the_action_made_and_nothing_else),
        cmocka_unit_test (results_have_a_policy_of_their_own),
        cmocka_unit_test (a_companion_stands_still_with_its_subscription_and_is_kept_by_the_store),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
