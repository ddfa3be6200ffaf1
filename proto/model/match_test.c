#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/match.h"
#include "proto/model/owned_json.h"

static const char update [] =
    "{\"payload\": {\"timestamp\": 1795489200123, \"user_id\": null},"
    " \"new\": {\"status\": \"signed\", \"version\": 3, \"size\": 1.5, \"ok\": true,"
    "           \"tags\": [\"a\", \"b\"], \"files\": [{\"os\": \"linux\", \"n\": 1}, {\"os\": \"mac\", \"n\": 2}],"
    "           \"deep\": [[1], [2, [3]]], \"empty\": [], \"nothing\": null, \"big\": 9007199254740993},"
    " \"old\": {\"status\": \"to-review\"}}";

static match_t *
read_match (const char *text, problem_t *problem)
{
    OWNED (json) json_t *json = json_loads (text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    assert_non_null (json);
    limits_t limits = limits_default ();
    return match_new (json, &limits, problem);
}

static match_answer_t
ask_of (const char *text, const event_t *fields)
{
    problem_t problem = {0};
    OWNED (match) match_t *match = read_match (text, &problem);
    if (!match)
        fail_msg ("%s: %s", text, problem.text);
    OWNED (event) event_t *event = event_new (fields);
    match_data_t data = {.event = event};
    match_answer_t answer = match_asks (match, &data);
    assert_int_equal (match_asks (match, &data), answer);  //  parsed once, asked twice
    match_data_clear (&data);
    return answer;
}

static match_answer_t
ask (const char *text, const char *data)
{
    return ask_of (text, &(event_t){.type = "kinto.record.update",
                                    .subject = "/buckets/addons/collections/a/records/1",
                                    .data = (const uint8_t *)data,
                                    .data_size = strlen (data)});
}

//  Whether a pattern of `new` fits the update above.
static bool
fits (const char *pattern)
{
    char text [400];
    snprintf (text, sizeof (text), "{\"data\": {\"new\": %s}}", pattern);
    match_answer_t answer = ask (text, update);
    assert_true (answer == MATCH_YES || answer == MATCH_NO_DATA);
    return answer == MATCH_YES;
}

static void
what_is_absent_matches_everything_that_has_happened (void **state)
{
    (void)state;
    assert_int_equal (ask ("{}", update), MATCH_YES);
    assert_int_equal (ask ("{}", "no JSON"), MATCH_YES);
    assert_int_equal (ask_of ("{}", &(event_t){.phase = PHASE_PRE}), MATCH_NO_PHASE);
    assert_int_equal (ask_of ("{\"phase\": \"pre\"}", &(event_t){.phase = PHASE_PRE}), MATCH_YES);
    assert_int_equal (ask ("{\"phase\": \"pre\"}", update), MATCH_NO_PHASE);
}

static void
the_answer_says_which_part_said_no (void **state)
{
    (void)state;
    assert_int_equal (ask ("{\"type\": \"kinto.*.update\", \"subject\": \"/buckets/addons/**\","
                           " \"phase\": \"post\", \"data\": {\"new\": {\"status\": [\"signed\"]}}}",
                           update),
                      MATCH_YES);
    assert_int_equal (ask ("{\"type\": \"kinto.*.delete\", \"subject\": \"/b\"}", update),
                      MATCH_NO_TYPE);
    assert_int_equal (ask ("{\"type\": \"kinto.**\", \"subject\": \"/b/**\"}", update),
                      MATCH_NO_SUBJECT);
    assert_int_equal (ask ("{\"type\": \"**\", \"data\": {\"a\": [1]}}", update), MATCH_NO_DATA);
}

static void
what_tocsin_tells_of_itself_is_asked_for_by_name (void **state)
{
    (void)state;
    event_t dead = {.type = "tocsin.delivery.dead", .subject = "/s"};
    assert_int_equal (ask_of ("{}", &dead), MATCH_NO_TYPE);
    assert_int_equal (ask_of ("{\"type\": \"**\"}", &dead), MATCH_NO_TYPE);
    assert_int_equal (ask_of ("{\"type\": \"*.delivery.dead\"}", &dead), MATCH_NO_TYPE);
    assert_int_equal (ask_of ("{\"type\": \"tocsin.**\"}", &dead), MATCH_YES);
    assert_int_equal (ask_of ("{\"type\": \"tocsin.delivery.*\"}", &dead), MATCH_YES);
    assert_int_equal (ask_of ("{\"type\": \"tocsin.worker.*\"}", &dead), MATCH_NO_TYPE);
}

static void
the_core_may_see_what_to_look_for (void **state)
{
    (void)state;
    OWNED (match) match_t *all = read_match ("{}", NULL);
    assert_true (!match_type (all) && !match_subject (all) && !match_wants_data (all));
    OWNED (match)
    match_t *some =
        read_match ("{\"type\": \"a.*\", \"subject\": \"/b\", \"data\": {\"c\": [1]}}", NULL);
    assert_string_equal (pattern_text (match_type (some)), "a.*");
    assert_string_equal (pattern_text (match_subject (some)), "/b");
    assert_true (match_wants_data (some));
}

static void
an_array_lists_the_accepted_values (void **state)
{
    (void)state;
    assert_true (fits ("{\"status\": [\"signed\", \"released\"]}"));
    assert_false (fits ("{\"status\": [\"released\", \"Signed\", null, 3, true]}"));
    assert_true (fits ("{\"version\": [3]}"));
    assert_true (fits ("{\"version\": [3.0]}"));
    assert_false (fits ("{\"version\": [\"3\"]}"));
    assert_true (fits ("{\"ok\": [true]}"));
    assert_false (fits ("{\"ok\": [1]}"));
    assert_true (fits ("{\"nothing\": [null]}"));
    assert_false (fits ("{\"missing\": [null]}"));
    assert_true (fits ("{\"status\": [\"signed\"], \"version\": [1, 3]}"));
    assert_false (fits ("{\"status\": [\"signed\"], \"version\": [1]}"));
    assert_false (fits ("{\"big\": [9007199254740992]}"));
}

static void
tests_look_at_more_than_equality (void **state)
{
    (void)state;
    assert_true (fits ("{\"status\": [{\"prefix\": \"sig\"}]}"));
    assert_false (fits ("{\"status\": [{\"prefix\": \"signed-\"}]}"));
    assert_true (fits ("{\"status\": [{\"suffix\": \"ned\"}, \"x\"]}"));
    assert_false (fits ("{\"status\": [{\"suffix\": \"unsigned\"}]}"));
    assert_false (fits ("{\"version\": [{\"prefix\": \"\"}]}"));
    assert_true (fits ("{\"status\": [{\"anything-but\": [\"draft\", 1]}]}"));
    assert_false (fits ("{\"status\": [{\"anything-but\": \"signed\"}]}"));
    assert_false (fits ("{\"missing\": [{\"anything-but\": [\"draft\"]}]}"));
}

static void
existence_is_asked_of_what_is_missing_too (void **state)
{
    (void)state;
    assert_true (fits ("{\"status\": [{\"exists\": true}]}"));
    assert_true (fits ("{\"nothing\": [{\"exists\": true}]}"));
    assert_true (fits ("{\"empty\": [{\"exists\": true}]}"));
    assert_false (fits ("{\"empty\": [{\"exists\": false}]}"));
    assert_true (fits ("{\"missing\": [{\"exists\": false}]}"));
    assert_false (fits ("{\"status\": [{\"exists\": false}]}"));
    assert_true (fits ("{\"status\": [{\"exists\": false}, \"signed\"]}"));
    assert_true (fits ("{\"missing\": {\"deeper\": [{\"exists\": false}]}}"));
    assert_true (fits ("{\"nothing\": {\"deeper\": [{\"exists\": false}]}}"));
    assert_false (fits ("{\"missing\": {\"deeper\": [{\"exists\": true}]}}"));
    assert_false (fits ("{\"tags\": [{\"exists\": false}]}"));
}

static void
numbers_are_compared_and_ranges_have_two_ends (void **state)
{
    (void)state;
    assert_true (fits ("{\"version\": [{\"numeric\": [\"=\", 3]}]}"));
    assert_true (fits ("{\"version\": [{\"numeric\": [\"!=\", 4]}]}"));
    assert_true (fits ("{\"version\": [{\"numeric\": [\">\", 2, \"<=\", 3]}]}"));
    assert_false (fits ("{\"version\": [{\"numeric\": [\">\", 3]}]}"));
    assert_false (fits ("{\"version\": [{\"numeric\": [\">=\", 0, \"<\", 3]}]}"));
    assert_true (fits ("{\"size\": [{\"numeric\": [\"<\", 2, \">\", 1]}]}"));
    assert_true (fits ("{\"big\": [{\"numeric\": [\">\", 9007199254740992]}]}"));
    assert_false (fits ("{\"status\": [{\"numeric\": [\"!=\", 0]}]}"));
}

static void
one_element_of_an_array_in_the_data_is_enough (void **state)
{
    (void)state;
    assert_true (fits ("{\"tags\": [\"b\"]}"));
    assert_false (fits ("{\"tags\": [\"c\"]}"));
    assert_true (fits ("{\"tags\": [{\"anything-but\": [\"a\"]}]}"));
    assert_false (fits ("{\"tags\": [{\"anything-but\": [\"a\", \"b\"]}]}"));
    assert_true (fits ("{\"deep\": [3]}"));
    assert_false (fits ("{\"empty\": [null]}"));
    assert_true (fits ("{\"files\": {\"os\": [\"mac\"], \"n\": [2]}}"));
    assert_false (fits ("{\"files\": {\"os\": [\"mac\"], \"n\": [1]}}"));  //  one, not two halves
    assert_true (fits ("{\"empty\": {\"os\": [{\"exists\": false}]}}"));
}

static void
data_that_is_not_json_matches_no_pattern (void **state)
{
    (void)state;
    const char *pattern = "{\"data\": {\"a\": [{\"exists\": false}]}}";
    assert_int_equal (ask (pattern, "{}"), MATCH_YES);
    assert_int_equal (ask (pattern, "[]"), MATCH_YES);
    assert_int_equal (ask (pattern, "3"), MATCH_YES);
    assert_int_equal (ask (pattern, ""), MATCH_NO_DATA);
    assert_int_equal (ask (pattern, "{"), MATCH_NO_DATA);
    event_t event = {.data = (const uint8_t *)"{}", .data_size = 2, .content_type = "text/plain"};
    assert_int_equal (ask_of (pattern, &event), MATCH_NO_DATA);
    event.content_type = "application/vnd.x+JSON; charset=utf-8";
    assert_int_equal (ask_of (pattern, &event), MATCH_YES);
}

static void
strange_numbers_and_zeros_elsewhere_in_the_data_do_no_harm (void **state)
{
    (void)state;
    assert_int_equal (ask ("{\"data\": {\"a\": [\"x\"]}}",
                           "{\"a\": \"x\", \"b\": 123456789012345678901234567890}"),
                      MATCH_YES);
    assert_int_equal (ask ("{\"data\": {\"a\": [\"x\"]}}", "{\"a\": \"x\", \"b\": \"\\u0000\"}"),
                      MATCH_YES);
    assert_int_equal (ask ("{\"data\": {\"a\": [\"x\"]}}", "{\"a\": \"x\\u0000\"}"), MATCH_NO_DATA);
}

static void
refuse (const char *text, const char *name, const char *sentence)
{
    problem_t problem = {0};
    assert_null (read_match (text, &problem));
    assert_int_equal (problem.status, STATUS_BAD_MATCH);
    assert_string_equal (problem.text, sentence);
    assert_string_equal (problem.name, name);
}

static void
what_cannot_be_understood_is_told_where_and_what_to_write (void **state)
{
    (void)state;
    refuse ("[]", "match",
            "match: it is an object, as in {\"type\": \"kinto.record.*\"}; {} wants everything");
    refuse ("{\"typ\": \"a\"}", "match",
            "match: \"typ\" is no member of it; there are type subject phase data via");
    refuse ("{\"type\": [\"a\"]}", "match.type",
            "match.type: it is a string, as in \"a.b.*\"; * is one segment, ** any number");
    refuse ("{\"type\": \"a*\"}", "match.type",
            "match.type: \"a*\": * stands for a whole segment, ** for any number of them");
    refuse ("{\"phase\": \"during\"}", "match.phase",
            "match.phase: there are \"post\" and \"pre\"");
    refuse ("{\"phase\": 1}", "match.phase", "match.phase: there are \"post\" and \"pre\"");
    refuse (
        "{\"data\": []}", "match.data",
        "match.data: it is an object in the shape of the data, as in {\"new\": {\"status\": [\"signed\"]}}");
    refuse ("{\"data\": {}}", "match.data",
            "match.data: an empty object asks for nothing; leave it out");
    refuse (
        "{\"data\": {\"new\": {\"status\": [\"a\", {\"prefx\": \"x\"}]}}}",
        "match.data.new.status[1]",
        "match.data.new.status[1]: \"prefx\" is no test; there are prefix suffix exists anything-but numeric");
    refuse ("{\"data\": {\"a\": \"x\"}}", "match.data.a",
            "match.data.a: the accepted values stand in an array, as in [\"signed\"]");
    refuse ("{\"data\": {\"a\": []}}", "match.data.a",
            "match.data.a: an empty array accepts nothing; list the values that are wanted");
    refuse ("{\"data\": {\"a\": [[1]]}}", "match.data.a[0]",
            "match.data.a[0]: an array in an array; list its values side by side");
    refuse ("{\"data\": {\"a\": {\"numeric\": [\">\", 3]}}}", "match.data.a",
            "match.data.a: a test stands in an array: [{\"numeric\": …}]");
    refuse ("{\"data\": {\"a\": [{\"prefix\": \"x\", \"suffix\": \"y\"}]}}", "match.data.a[0]",
            "match.data.a[0]: a test has one member only; list several tests side by side");
    refuse (
        "{\"data\": {\"a\": [{}]}}", "match.data.a[0]",
        "match.data.a[0]: \"\" is no test; there are prefix suffix exists anything-but numeric");
}

static void
a_test_is_told_what_it_is_given (void **state)
{
    (void)state;
    static const char *const bad [] = {"\"prefix\": 1",
                                       "\"suffix\": [\"x\"]",
                                       "\"exists\": \"no\"",
                                       "\"anything-but\": {}",
                                       "\"anything-but\": [[1]]",
                                       "\"anything-but\": []",
                                       "\"numeric\": 3",
                                       "\"numeric\": [\">\"]",
                                       "\"numeric\": [\"~\", 3]",
                                       "\"numeric\": [3, \">\"]",
                                       "\"numeric\": [\">\", 1, \"<\"]",
                                       "\"numeric\": [\">\", \"1\"]",
                                       "\"numeric\": [\">\", 1, \"<\", 2, \"=\", 3]"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++) {
        char text [100];
        snprintf (text, sizeof (text), "{\"data\": {\"a\": [{%s}]}}", bad [i]);
        problem_t problem = {0};
        assert_null (read_match (text, &problem));
        assert_string_equal (problem.name, "match.data.a[0]");
        assert_non_null (strstr (problem.text, "\" is given "));
    }
}

//  {"data": {"a": {"a": … [1] … }}}, nested so deep below data.
static match_t *
nested (int depth, problem_t *problem)
{
    OWNED (json) json_t *json = json_pack ("[i]", 1);
    for (int i = 0; i < depth; i++)
        json = json_pack ("{so}", "a", json);
    json = json_pack ("{so}", "data", json);
    limits_t limits = limits_default ();
    return match_new (json, &limits, problem);
}

static void
depth_and_size_are_limited (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (match) match_t *deep_enough = nested (64, &problem);
    assert_non_null (deep_enough);
    assert_null (nested (65, &problem));
    assert_non_null (strstr (problem.text, "nested deeper than limits/json_depth (64)"));
    assert_null (nested (2000, &problem));

    for (int count = 254; count <= 256; count++) {
        OWNED (json) json_t *values = json_array ();
        for (int i = 0; i < count; i++)
            json_array_append_new (values, json_integer (i));
        OWNED (json) json_t *list = json_pack ("{s{sO}}", "data", "a", values);
        OWNED (json) json_t *but = json_pack ("{s{s[{sO}]}}", "data", "a", "anything-but", values);
        limits_t limits = limits_default ();
        OWNED (match) match_t *one = match_new (list, &limits, &problem);
        OWNED (match) match_t *other = match_new (but, &limits, &problem);
        assert_int_equal (one != NULL, count <= 255);  //  and one for the name
        assert_int_equal (other != NULL, count <= 255);
    }
    assert_non_null (strstr (problem.text, "match.data has more than 256 names and values"));
}

static void
expect_explained (const char *text, const event_t *fields, const char *sentence)
{
    problem_t why = {0};
    OWNED (match) match_t *match = read_match (text, NULL);
    OWNED (event) event_t *event = event_new (fields);
    match_data_t data = {.event = event};
    match_answer_t answer = match_asks (match, &data);
    assert_int_equal (match_explain (match, &data, &why), answer);
    assert_string_equal (why.text, sentence);
    assert_memory_equal (why.text, why.name, strlen (why.name));
    match_data_clear (&data);
}

static void
each_part_that_says_no_is_told_in_a_sentence (void **state)
{
    (void)state;
    event_t event = {.type = "kinto.record.update",
                     .subject = "/buckets/blog",
                     .data = (const uint8_t *)update,
                     .data_size = strlen (update)};
    expect_explained ("{}", &event, "");
    expect_explained ("{\"phase\": \"pre\"}", &event,
                      "match.phase: pre is asked for, and the event is of the other phase");
    expect_explained ("{\"type\": \"kinto.bucket.*\"}", &event,
                      "match.type: kinto.bucket.* does not match kinto.record.update");
    expect_explained ("{\"type\": \"**\"}", &(event_t){.type = "tocsin.delivery.dead"},
                      "match.type: tocsin.delivery.dead is told by Tocsin itself, and only a type "
                      "that begins with tocsin. asks for it");
    expect_explained ("{\"subject\": \"/buckets/addons/**\"}", &event,
                      "match.subject: /buckets/addons/** does not match /buckets/blog");
    expect_explained ("{\"data\": {\"a\": [1]}}",
                      &(event_t){.content_type = "text/plain", .data = (const uint8_t *)"x", 1},
                      "match.data: the event's data is no JSON, but text/plain");
}

static void
explain_data (const char *pattern, const char *sentence)
{
    char text [400];
    snprintf (text, sizeof (text), "{\"data\": {\"new\": %s}}", pattern);
    expect_explained (
        text, &(event_t){.data = (const uint8_t *)update, .data_size = strlen (update)}, sentence);
}

static void
the_first_path_of_the_data_that_does_not_fit_is_named (void **state)
{
    (void)state;
    explain_data ("{\"ok\": [true], \"status\": [\"released\", {\"prefix\": \"x\"}]}",
                  "match.data.new.status: \"signed\" of the event does not fit "
                  "[\"released\",{\"prefix\":\"x\"}]");
    explain_data ("{\"owner\": [\"me\"]}",
                  "match.data.new.owner: the event has none, and it should fit [\"me\"]");
    explain_data ("{\"status\": {\"deep\": [1]}}",
                  "match.data.new.status.deep: the event has none, and it should fit [1]");
    explain_data ("{\"files\": {\"os\": [\"windows\"]}}",
                  "match.data.new.files: none of its 2 elements fits");
    explain_data ("{\"tags\": [\"c\"]}",
                  "match.data.new.tags: [\"a\",\"b\"] of the event does not fit [\"c\"]");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_is_absent_matches_everything_that_has_happened),
        cmocka_unit_test (the_answer_says_which_part_said_no),
        cmocka_unit_test (what_tocsin_tells_of_itself_is_asked_for_by_name),
        cmocka_unit_test (the_core_may_see_what_to_look_for),
        cmocka_unit_test (an_array_lists_the_accepted_values),
        cmocka_unit_test (tests_look_at_more_than_equality),
        cmocka_unit_test (existence_is_asked_of_what_is_missing_too),
        cmocka_unit_test (numbers_are_compared_and_ranges_have_two_ends),
        cmocka_unit_test (one_element_of_an_array_in_the_data_is_enough),
        cmocka_unit_test (data_that_is_not_json_matches_no_pattern),
        cmocka_unit_test (strange_numbers_and_zeros_elsewhere_in_the_data_do_no_harm),
        cmocka_unit_test (what_cannot_be_understood_is_told_where_and_what_to_write),
        cmocka_unit_test (a_test_is_told_what_it_is_given),
        cmocka_unit_test (depth_and_size_are_limited),
        cmocka_unit_test (each_part_that_says_no_is_told_in_a_sentence),
        cmocka_unit_test (the_first_path_of_the_data_that_does_not_fit_is_named),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
