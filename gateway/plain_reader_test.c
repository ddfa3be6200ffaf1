/*  plain_reader – plain events as people write them, well and badly. */
#include "gateway/event_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/event_id.h"

static const int64_t now_ms = 1795489200123;  //  2026-11-24T03:00:00.123Z

typedef struct {
    reading_t reading;
    limits_t limits;
    problem_t problem;
} fixture_t;

static int
set_up (void **state)
{
    static fixture_t fixture;
    memset (&fixture, 0, sizeof (fixture));
    fixture.limits = limits_default ();
    *state = &fixture;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *fixture = *state;
    reading_free (&fixture->reading);
    return 0;
}

static status_t
read_body (fixture_t *fixture, const char *body)
{
    fixture->problem = (problem_t){0};
    return event_read (&fixture->reading, body, strlen (body), &fixture->limits, now_ms,
                       &fixture->problem);
}

static const event_t *
read_one (fixture_t *fixture, const char *body)
{
    status_t status = read_body (fixture, body);
    if (status != STATUS_OK)
        fail_msg ("%s: %s: %s", body, status_name (status), fixture->problem.text);
    assert_int_equal (fixture->reading.events.count, 1);
    return fixture->reading.events.at [0];
}

static void
expect_refusal (fixture_t *fixture, const char *body, status_t status, const char *name,
                const char *text)
{
    if (read_body (fixture, body) != status)
        fail_msg ("%s: %s: %s", body, status_name (fixture->problem.status), fixture->problem.text);
    assert_string_equal (fixture->problem.name, name);
    assert_string_equal (fixture->problem.text, text);
}

static void
a_whole_event_is_read_and_its_data_is_verbatim (void **state)
{
    const event_t *event = read_one (
        *state, "{ \"data\" : {\"data\": { \"b\": 1.50, \"a\": [ ] } , \"type\":\"a.b\","
                "\"subject\":\"/x/\\u00e4\", \"source\":\"urn:s\",\"id\":\"n 1\",\"key\":\"k\","
                "\"time\":\"2026-01-02T03:04:05Z\",\"phase\":\"post\"}}\n");
    assert_string_equal (event->type, "a.b");
    assert_string_equal (event->subject, "/x/\xc3\xa4");
    assert_string_equal (event->source, "urn:s");
    assert_string_equal (event->given_id, "n 1");
    assert_string_equal (event->key, "k");
    assert_string_equal (event->time, "2026-01-02T03:04:05Z");
    assert_string_equal (event->content_type, "application/json");
    assert_int_equal (event->phase, PHASE_POST);
    assert_int_equal (event->data_size, strlen ("{ \"b\": 1.50, \"a\": [ ] }"));
    assert_memory_equal (event->data, "{ \"b\": 1.50, \"a\": [ ] }", event->data_size);
}

static void
what_is_left_out_is_filled_in (void **state)
{
    const event_t *event =
        read_one (*state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":null}}");
    assert_string_equal (event->source, "");
    assert_string_equal (event->given_id, "");
    assert_string_equal (event->key, "/s");
    assert_string_equal (event->time, "2026-11-24T03:00:00.123Z");
    assert_int_equal (strlen (event->id), 36);
    assert_int_equal (event->id [14], '7');
    assert_memory_equal (event->data, "null", 4);
}

static void
a_cause_is_taken_and_what_is_not_said_of_it_is_filled_in (void **state)
{
#define CAUSED(members) "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1," members "}}"
    const event_t *event =
        read_one (*state, CAUSED ("\"causation\":\"c\",\"root\":\"r\",\"hops\":7"));
    assert_string_equal (event->causation, "c");
    assert_string_equal (event->root, "r");
    assert_string_equal (event->via, "");
    assert_int_equal (event->hops, 7);
    event = read_one (*state, CAUSED ("\"causation\":\"c\""));
    assert_string_equal (event->root, "c");
    assert_int_equal (event->hops, 1);
    event = read_one (*state, CAUSED ("\"causation\":\"\""));
    assert_false (event_has_cause (event));
    expect_refusal (*state, CAUSED ("\"root\":\"r\""), STATUS_BAD_EVENT, "data.causation",
                    "data.causation: it is missing, and a root or hops are nothing without it");
    expect_refusal (*state, CAUSED ("\"hops\":65536"), STATUS_BAD_EVENT, "data.hops",
                    "data.hops: a whole number from 0 to 65535");
    expect_refusal (*state, CAUSED ("\"hops\":\"1\""), STATUS_BAD_EVENT, "data.hops",
                    "data.hops: a number is expected, not a string");
#undef CAUSED
}

static void
a_plain_id_without_a_source_is_the_name_itself (void **state)
{
    const event_t *event = read_one (
        *state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1,\"id\":\"order-17_B\"}}");
    assert_string_equal (event->id, "order-17_B");
    assert_string_equal (event->given_id, "");
}

static void
every_other_id_is_derived_from_source_and_id (void **state)
{
    static const struct {
        const char *source, *id;
    } cases [] = {
        {"", "a.b"}, {"urn:s", "plain"}, {"", "k_0123"}, {"", "e_0123"}, {"", "\xc3\xa4"}};
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        char body [256], id [EVENT_ID_SIZE];
        snprintf (
            body, sizeof (body),
            "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1,\"id\":\"%s\",\"source\":\"%s\"}}",
            cases [i].id, cases [i].source);
        event_id_derive (cases [i].source, cases [i].id, id);
        const event_t *event = read_one (*state, body);
        assert_string_equal (event->id, id);
        assert_string_equal (event->given_id, cases [i].id);
    }
}

static void
what_is_missing_is_named (void **state)
{
    expect_refusal (*state, "{\"data\":{}}", STATUS_BAD_EVENT, "data.type", "data.type is missing");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\"}}", STATUS_BAD_EVENT, "data.subject",
                    "data.subject is missing");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\"}}", STATUS_BAD_EVENT,
                    "data.data", "data.data is missing");
}

static void
an_unknown_member_is_named (void **state)
{
    expect_refusal (
        *state, "{\"data\":{\"type\":\"a\",\"subjekt\":\"/s\"}}", STATUS_BAD_EVENT, "data.subjekt",
        "data.subjekt: there is no such member; there are type, subject, source, id, key, time, phase, causation, root, hops and data");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1},\"date\":1}",
                    STATUS_BAD_EVENT, "date",
                    "date: there is no such member; there are data, with the event in it");
    expect_refusal (
        *state, "{\"event\":1}", STATUS_BAD_EVENT, "event",
        "event: there is no such member; there are payload, impacted_objects, source and causation, or data alone");
}

static void
a_wrong_type_is_named (void **state)
{
    expect_refusal (*state, "{\"data\":[]}", STATUS_BAD_EVENT, "data",
                    "data: an object is expected, not an array");
    expect_refusal (*state, "{\"data\":{\"type\":7}}", STATUS_BAD_EVENT, "data.type",
                    "data.type: a string is expected, not a number");
    expect_refusal (*state, "{\"data\":{\"id\":null}}", STATUS_BAD_EVENT, "data.id",
                    "data.id: a string is expected, not null");
    expect_refusal (*state, "{\"data\":{\"phase\":\"perhaps\"}}", STATUS_BAD_EVENT, "data.phase",
                    "data.phase: there are \"post\" and \"pre\"");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1,\"id\":\"\"}}",
                    STATUS_BAD_EVENT, "data.id",
                    "data.id: it is empty: leave it out, and one is made");
}

static void
what_is_no_json_is_refused_with_its_place (void **state)
{
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\n \"subject\" \"/s\"}}", STATUS_BAD_JSON,
                    "", "line 2, column 12: a colon is expected");
    expect_refusal (*state, "", STATUS_BAD_JSON, "", "line 1, column 1: the text ends too early");
    expect_refusal (*state, "{\"data\":{\"data\":", STATUS_BAD_JSON, "",
                    "line 1, column 17: the text ends too early");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\"type\":\"b\"}}", STATUS_BAD_JSON, "",
                    "line 1, column 21: this name comes twice in its object");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\\u0000b\"}}", STATUS_BAD_JSON, "",
                    "line 1, column 18: \\u0000 is not taken here");
    expect_refusal (*state, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1}}}",
                    STATUS_BAD_JSON, "", "line 1, column 46: the text goes on after its value");
}

static void
what_is_neither_shape_is_told_the_shapes (void **state)
{
    fixture_t *fixture = *state;
    static const char *const bodies [] = {"[]", "{}", "\"data\"", "17", "null"};
    for (size_t i = 0; i < sizeof (bodies) / sizeof (*bodies); i++) {
        assert_int_equal (read_body (fixture, bodies [i]), STATUS_BAD_EVENT);
        assert_non_null (strstr (fixture->problem.text, "a Kinto notification"));
    }
}

static void
a_field_that_no_event_can_have_is_named (void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal (
        read_body (fixture, "{\"data\":{\"type\":\"a..b\",\"subject\":\"/s\",\"data\":1}}"),
        STATUS_BAD_EVENT);
    assert_string_equal (fixture->problem.name, "data.type");
    assert_int_equal (
        read_body (
            fixture,
            "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1,\"time\":\"yesterday\"}}"),
        STATUS_BAD_EVENT);
    assert_string_equal (fixture->problem.name, "data.time");
    assert_int_equal (fixture->reading.events.count, 0);
}

static void
data_over_the_limit_is_too_large (void **state)
{
    fixture_t *fixture = *state;
    fixture->limits.event_bytes = 8;
    read_one (fixture, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":\"123456\"}}");
    assert_int_equal (
        read_body (fixture, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":\"1234567\"}}"),
        STATUS_TOO_LARGE);
    assert_int_equal (fixture->reading.events.count, 0);
}

static void
what_tocsin_tells_of_itself_is_not_taken_from_others (void **state)
{
    expect_refusal (*state,
                    "{\"data\":{\"type\":\"tocsin.delivery.dead\",\"subject\":\"/s\",\"data\":1}}",
                    STATUS_BAD_EVENT, "data.type",
                    "data.type: what begins with tocsin. is told by Tocsin itself: choose another "
                    "first word");
    read_one (*state, "{\"data\":{\"type\":\"tocsins.ring\",\"subject\":\"/s\",\"data\":1}}");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_whole_event_is_read_and_its_data_is_verbatim),
        cmocka_unit_test (what_is_left_out_is_filled_in),
        cmocka_unit_test (a_cause_is_taken_and_what_is_not_said_of_it_is_filled_in),
        cmocka_unit_test (a_plain_id_without_a_source_is_the_name_itself),
        cmocka_unit_test (every_other_id_is_derived_from_source_and_id),
        cmocka_unit_test (what_is_missing_is_named),
        cmocka_unit_test (an_unknown_member_is_named),
        cmocka_unit_test (a_wrong_type_is_named),
        cmocka_unit_test (what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test (what_is_neither_shape_is_told_the_shapes),
        cmocka_unit_test (a_field_that_no_event_can_have_is_named),
        cmocka_unit_test (data_over_the_limit_is_too_large),
        cmocka_unit_test (what_tocsin_tells_of_itself_is_not_taken_from_others),
    };
    return cmocka_run_group_tests (tests, set_up, tear_down);
}
