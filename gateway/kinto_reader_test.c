/*  kinto_reader – what a Kinto tells of its buckets, groups, collections and records, one by one and
 *  many at a time.
 */
#include "gateway/event_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/event_id.h"

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
    return event_read (&fixture->reading, body, strlen (body), &fixture->limits, 0,
                       &fixture->problem);
}

static const event_list_t *
read_all (fixture_t *fixture, const char *body, size_t count)
{
    status_t status = read_body (fixture, body);
    if (status != STATUS_OK)
        fail_msg ("%s: %s: %s", body, status_name (status), fixture->problem.text);
    assert_int_equal (fixture->reading.events.count, count);
    return &fixture->reading.events;
}

static void
expect_event (const event_t *event, const char *type, const char *subject, const char *time)
{
    assert_string_equal (event->type, type);
    assert_string_equal (event->subject, subject);
    assert_string_equal (event->key, subject);
    assert_string_equal (event->time, time);
}

static void
expect_data (const event_t *event, const char *data)
{
    assert_int_equal (event->data_size, strlen (data));
    assert_memory_equal (event->data, data, event->data_size);
}

static void
expect_refusal (fixture_t *fixture, const char *body, const char *name, const char *text)
{
    if (read_body (fixture, body) != STATUS_BAD_EVENT)
        fail_msg ("%s: %s: %s", body, status_name (fixture->problem.status), fixture->problem.text);
    assert_string_equal (fixture->problem.name, name);
    assert_string_equal (fixture->problem.text, text);
}

#define RECORD_PAYLOAD(action, uri)                                                               \
    "{\"timestamp\": 1795489200124, \"action\": \"" action "\", \"uri\": \"" uri                  \
    "\", \"user_id\": \"basicauth:00\", \"resource_name\": \"record\", \"bucket_id\": \"blog\", " \
    "\"collection_id\": \"articles\"}"

static void
a_record_made_by_a_post_has_its_own_uri (void **state)
{
    const char *payload = RECORD_PAYLOAD ("create", "/buckets/blog/collections/articles/records");
    const char *new =
        "{ \"title\":\"Tocsin \\u2013 a bell\",\"last_modified\": 1795489200123, \"id\":\"42\" }";
    char body [1024], data [1024];
    snprintf (body, sizeof (body), "{\"payload\": %s, \"impacted_objects\": [{\"new\": %s}]}",
              payload, new);
    snprintf (data, sizeof (data), "{\"payload\":%s,\"new\":%s}", payload, new);
    const event_t *event = read_all (*state, body, 1)->at [0];
    expect_event (event, "kinto.record.create", "/buckets/blog/collections/articles/records/42",
                  "2026-11-24T03:00:00.123Z");
    expect_data (event, data);
    assert_string_equal (event->source, "kinto");

    char id [EVENT_ID_SIZE];
    event_id_of_kinto ("kinto", event->subject, "create", 1795489200123, id);
    assert_string_equal (event->id, id);
}

static void
what_an_action_wrote_into_kinto_has_the_cause_of_the_action (void **state)
{
#define NOTIFY(cause)                                                                              \
    "{\"payload\": {\"action\": \"create\", \"resource_name\": \"bucket\"}, \"causation\": " cause \
    ", \"impacted_objects\": [{\"new\": {\"id\": \"a\", \"last_modified\": 1}}]}"
    const event_t *event =
        read_all (*state, NOTIFY ("{\"id\": \"c\", \"root\": \"r\", \"hops\": 3}"), 1)->at [0];
    assert_string_equal (event->causation, "c");
    assert_string_equal (event->root, "r");
    assert_int_equal (event->hops, 3);
    event = read_all (*state, NOTIFY ("null"), 1)->at [0];
    assert_false (event_has_cause (event));
    expect_refusal (*state, NOTIFY ("{\"hops\": 1}"), "causation.id",
                    "causation.id: it is missing, and a root or hops are nothing without it");
    expect_refusal (*state, NOTIFY ("{\"di\": 1}"), "causation.di",
                    "causation.di: there is no such member; there are id, root and hops");
    expect_refusal (*state, NOTIFY ("\"c\""), "causation",
                    "causation: an object is expected, not a string");
#undef NOTIFY
}

static void
an_update_keeps_new_and_old (void **state)
{
    const char *payload =
        RECORD_PAYLOAD ("update", "/buckets/blog/collections/articles/records/42");
    char body [1024], data [1024];
    snprintf (
        body, sizeof (body),
        "{\"impacted_objects\": [{\"old\": {\"id\":\"42\",\"last_modified\":5}, \"new\": {\"id\":\"42\",\"last_modified\":7}}], \"payload\": %s, \"source\": \"https://k.example\"}",
        payload);
    snprintf (
        data, sizeof (data),
        "{\"payload\":%s,\"new\":{\"id\":\"42\",\"last_modified\":7},\"old\":{\"id\":\"42\",\"last_modified\":5}}",
        payload);
    const event_t *event = read_all (*state, body, 1)->at [0];
    expect_event (event, "kinto.record.update", "/buckets/blog/collections/articles/records/42",
                  "1970-01-01T00:00:00.007Z");
    expect_data (event, data);
    assert_string_equal (event->source, "https://k.example");
}

static void
a_delete_has_the_time_of_its_tombstone (void **state)
{
    const char *payload =
        RECORD_PAYLOAD ("delete", "/buckets/blog/collections/articles/records/42");
    char body [1024];
    snprintf (
        body, sizeof (body),
        "{\"payload\": %s, \"impacted_objects\": [{\"new\": {\"id\": \"42\", \"last_modified\": 9, \"deleted\": true}, \"old\": {\"id\": \"42\", \"last_modified\": 7}}]}",
        payload);
    expect_event (read_all (*state, body, 1)->at [0], "kinto.record.delete",
                  "/buckets/blog/collections/articles/records/42", "1970-01-01T00:00:00.009Z");
}

static void
without_new_the_old_one_tells_id_and_time (void **state)
{
    const char *payload =
        RECORD_PAYLOAD ("delete", "/buckets/blog/collections/articles/records/42");
    char body [1024], data [1024];
    snprintf (
        body, sizeof (body),
        "{\"payload\": %s, \"impacted_objects\": [{\"new\": null, \"old\": {\"id\": \"42\", \"last_modified\": 7}}]}",
        payload);
    snprintf (data, sizeof (data),
              "{\"payload\":%s,\"new\":null,\"old\":{\"id\": \"42\", \"last_modified\": 7}}",
              payload);
    const event_t *event = read_all (*state, body, 1)->at [0];
    expect_event (event, "kinto.record.delete", "/buckets/blog/collections/articles/records/42",
                  "1970-01-01T00:00:00.007Z");
    expect_data (event, data);
}

static void
each_object_of_a_plural_delete_is_an_event (void **state)
{
    const char *payload = RECORD_PAYLOAD ("delete", "/buckets/blog/collections/articles/records");
    char body [1024];
    snprintf (
        body, sizeof (body),
        "{\"payload\": %s, \"impacted_objects\": ["
        "{\"new\": {\"id\": \"a\", \"last_modified\": 11, \"deleted\": true}, \"old\": {\"id\": \"a\", \"last_modified\": 1}},"
        "{\"new\": {\"id\": \"b\", \"last_modified\": 12, \"deleted\": true}, \"old\": {\"id\": \"b\", \"last_modified\": 2}},"
        "{\"new\": {\"id\": \"c\", \"last_modified\": 13, \"deleted\": true}, \"old\": {\"id\": \"c\", \"last_modified\": 3}}]}",
        payload);
    const event_list_t *events = read_all (*state, body, 3);
    expect_event (events->at [0], "kinto.record.delete",
                  "/buckets/blog/collections/articles/records/a", "1970-01-01T00:00:00.011Z");
    expect_event (events->at [2], "kinto.record.delete",
                  "/buckets/blog/collections/articles/records/c", "1970-01-01T00:00:00.013Z");
}

static void
a_batch_tells_the_first_uri_and_every_object (void **state)
{
    const char *payload =
        RECORD_PAYLOAD ("create", "/buckets/blog/collections/articles/records/one");
    char body [1024];
    snprintf (
        body, sizeof (body),
        "{\"payload\": %s, \"impacted_objects\": [{\"new\": {\"id\": \"one\", \"last_modified\": 1}}, {\"new\": {\"id\": \"two\", \"last_modified\": 2}}]}",
        payload);
    const event_list_t *events = read_all (*state, body, 2);
    expect_event (events->at [0], "kinto.record.create",
                  "/buckets/blog/collections/articles/records/one", "1970-01-01T00:00:00.001Z");
    expect_event (events->at [1], "kinto.record.create",
                  "/buckets/blog/collections/articles/records/two", "1970-01-01T00:00:00.002Z");
}

static void
buckets_collections_and_groups_have_their_paths (void **state)
{
    static const struct {
        const char *payload, *type, *subject;
    } cases [] = {
        {"{\"action\":\"create\",\"resource_name\":\"bucket\",\"uri\":\"/buckets\"}",
         "kinto.bucket.create", "/buckets/x"},
        {"{\"action\":\"delete\",\"resource_name\":\"bucket\",\"uri\":\"/buckets/x\",\"bucket_id\":\"x\"}",
         "kinto.bucket.delete", "/buckets/x"},
        {"{\"action\":\"update\",\"resource_name\":\"collection\",\"uri\":\"/buckets/b/collections/x\",\"bucket_id\":\"b\",\"collection_id\":\"x\"}",
         "kinto.collection.update", "/buckets/b/collections/x"},
        {"{\"action\":\"create\",\"resource_name\":\"group\",\"uri\":\"/buckets/b/groups\",\"bucket_id\":\"b\"}",
         "kinto.group.create", "/buckets/b/groups/x"},
        //  kinto-attachment: a record, at a URI that goes on
        {"{\"action\":\"update\",\"resource_name\":\"record\",\"uri\":\"/buckets/b/collections/c/records/x/attachment\",\"bucket_id\":\"b\",\"collection_id\":\"c\",\"record_id\":\"x\"}",
         "kinto.record.update", "/buckets/b/collections/c/records/x"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        char body [1024];
        snprintf (
            body, sizeof (body),
            "{\"payload\":%s,\"impacted_objects\":[{\"new\":{\"id\":\"x\",\"last_modified\":0}}]}",
            cases [i].payload);
        expect_event (read_all (*state, body, 1)->at [0], cases [i].type, cases [i].subject,
                      "1970-01-01T00:00:00.000Z");
    }
}

static void
a_resource_of_a_plug_in_has_the_path_of_its_uri (void **state)
{
    static const struct {
        const char *payload, *subject;
    } cases [] = {
        {"{\"action\":\"create\",\"resource_name\":\"account\",\"uri\":\"/accounts/alice@example.com\",\"account_id\":\"alice@example.com\"}",
         "/accounts/alice@example.com"},
        {"{\"action\":\"create\",\"resource_name\":\"account\",\"uri\":\"/accounts\"}",
         "/accounts/alice@example.com"},
        //  no ids to build from: the uri has them
        {"{\"action\":\"create\",\"resource_name\":\"record\",\"bucket_id\":null,\"uri\":\"/buckets/b/collections/c/records/\"}",
         "/buckets/b/collections/c/records/alice@example.com"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        char body [1024];
        snprintf (
            body, sizeof (body),
            "{\"payload\":%s,\"impacted_objects\":[{\"new\":{\"id\":\"alice@example.com\",\"last_modified\":0}}]}",
            cases [i].payload);
        assert_string_equal (read_all (*state, body, 1)->at [0]->subject, cases [i].subject);
    }
}

static void
the_same_change_told_twice_has_the_same_id (void **state)
{
    fixture_t *fixture = *state;
    char first [EVENT_ID_SIZE];
    strcpy (
        first,
        read_all (
            fixture,
            "{\"payload\":" RECORD_PAYLOAD (
                "update",
                "/buckets/blog/collections/articles/records/1") ",\"impacted_objects\":[{\"new\":{\"id\":\"1\",\"last_modified\":5,\"x\":1},\"old\":{\"id\":\"1\"}}]}",
            1)
            ->at [0]
            ->id);
    //  a reconciliation knows the state, but neither who changed it nor what it was before
    const event_t *again =
        read_all (
            fixture,
            "{\"payload\":{\"action\":\"update\",\"resource_name\":\"record\",\"bucket_id\":\"blog\",\"collection_id\":\"articles\"},\"impacted_objects\":[{\"new\":{\"last_modified\":5,\"id\":\"1\"}}]}",
            1)
            ->at [0];
    assert_string_equal (again->id, first);
}

static void
nothing_impacted_makes_no_event (void **state)
{
    read_all (
        *state,
        "{\"payload\":{\"action\":\"delete\",\"resource_name\":\"record\"},\"impacted_objects\":[]}",
        0);
}

static void
what_is_missing_or_wrong_is_named (void **state)
{
    expect_refusal (*state, "{\"impacted_objects\":[]}", "payload", "payload is missing");
    expect_refusal (*state, "{\"payload\":{}}", "impacted_objects", "impacted_objects is missing");
    expect_refusal (*state, "{\"payload\":{},\"impacted_objects\":[]}", "payload.action",
                    "payload.action is missing");
    expect_refusal (*state, "{\"payload\":{\"action\":\"create\"},\"impacted_objects\":[]}",
                    "payload.resource_name", "payload.resource_name is missing");
    expect_refusal (*state, "{\"payload\":[]}", "payload",
                    "payload: an object is expected, not an array");
    expect_refusal (*state, "{\"payload\":{\"bucket_id\":1}}", "payload.bucket_id",
                    "payload.bucket_id: a string is expected, not a number");
    expect_refusal (*state, "{\"impacted_objects\":{}}", "impacted_objects",
                    "impacted_objects: an array is expected, not an object");
    expect_refusal (*state, "{\"impacted_objects\":[{},7]}", "impacted_objects[1]",
                    "impacted_objects[1]: an object is expected, not a number");
    expect_refusal (*state, "{\"impacted_objects\":[{\"now\":{}}]}", "impacted_objects[0].now",
                    "impacted_objects[0].now: there is no such member; there are new and old");
    expect_refusal (*state, "{\"impacted_objects\":[{\"new\":\"x\"}]}", "impacted_objects[0].new",
                    "impacted_objects[0].new: an object is expected, not a string");
    expect_refusal (*state, "{\"impacted_objects\":[{\"new\":{\"id\":1}}]}",
                    "impacted_objects[0].new.id",
                    "impacted_objects[0].new.id: a string is expected, not a number");
    expect_refusal (
        *state, "{\"impacted_objects\":[{\"old\":{\"last_modified\":1.5}}]}",
        "impacted_objects[0].old.last_modified",
        "impacted_objects[0].old.last_modified: it counts milliseconds since 1970, in a whole number");
    expect_refusal (
        *state, "{\"payload\":{},\"impacted_objects\":[],\"data\":{}}", "data",
        "data: there is no such member; there are payload, impacted_objects, source and causation, or data alone");
}

static void
an_object_without_id_or_time_is_no_event (void **state)
{
#define OF(objects)                                                                                    \
    "{\"payload\":{\"action\":\"create\",\"resource_name\":\"bucket\"},\"impacted_objects\":[" objects \
    "]}"
    expect_refusal (*state, OF ("{}"), "impacted_objects[0]",
                    "impacted_objects[0]: neither new nor old has an id");
    expect_refusal (
        *state, OF ("{\"new\":{\"id\":\"a\"}}"), "impacted_objects[0]",
        "impacted_objects[0]: neither new nor old has a last_modified, before the year 10000");
    expect_refusal (
        *state, OF ("{\"new\":{\"id\":\"a\",\"last_modified\":253402300800000}}"),
        "impacted_objects[0]",
        "impacted_objects[0]: neither new nor old has a last_modified, before the year 10000");
    expect_refusal (*state, OF ("{\"new\":{\"id\":\"a/b\",\"last_modified\":1}}"),
                    "impacted_objects[0]", "impacted_objects[0]: a slash in its id");
    expect_refusal (
        *state,
        "{\"payload\":{\"action\":\"create\",\"resource_name\":\"record\"},\"impacted_objects\":[{\"new\":{\"id\":\"a\",\"last_modified\":1}}]}",
        "payload.uri", "payload.uri is missing, and payload has not the ids that would tell it");
#undef OF
}

static void
more_objects_than_the_limit_are_too_large (void **state)
{
    fixture_t *fixture = *state;
    const char *body =
        "{\"payload\":{\"action\":\"create\",\"resource_name\":\"bucket\"},\"impacted_objects\":["
        "{\"new\":{\"id\":\"a\",\"last_modified\":1}},{\"new\":{\"id\":\"b\",\"last_modified\":1}}]}";
    fixture->limits.events_per_request = 2;
    read_all (fixture, body, 2);
    fixture->limits.events_per_request = 1;
    assert_int_equal (read_body (fixture, body), STATUS_TOO_LARGE);
    fixture->limits = limits_default ();
}

//  A large payload, repeated in each of many events, must not grow without bounds.
static void
events_that_are_together_too_large_are_refused (void **state)
{
    fixture_t *fixture = *state;
    bytes_t body = {0};
    bytes_add_text (&body,
                    "{\"payload\":{\"action\":\"create\",\"resource_name\":\"bucket\",\"x\":\"");
    for (int i = 0; i < 1000; i++)
        bytes_add_text (&body, "0123456789");
    bytes_add_text (&body, "\"},\"impacted_objects\":[");
    for (int64_t i = 0; i < 1000; i++) {
        bytes_add_text (&body, i ? ",{\"new\":{\"last_modified\":1,\"id\":\""
                                 : "{\"new\":{\"last_modified\":1,\"id\":\"");
        bytes_add_number (&body, i);
        bytes_add_text (&body, "\"}}");
    }
    bytes_add_text (&body, "]}");
    assert_int_equal (read_body (fixture, body.at), STATUS_TOO_LARGE);
    assert_non_null (strstr (fixture->problem.text, "limits/frame_bytes"));
    bytes_free (&body);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_record_made_by_a_post_has_its_own_uri),
        cmocka_unit_test (what_an_action_wrote_into_kinto_has_the_cause_of_the_action),
        cmocka_unit_test (an_update_keeps_new_and_old),
        cmocka_unit_test (a_delete_has_the_time_of_its_tombstone),
        cmocka_unit_test (without_new_the_old_one_tells_id_and_time),
        cmocka_unit_test (each_object_of_a_plural_delete_is_an_event),
        cmocka_unit_test (a_batch_tells_the_first_uri_and_every_object),
        cmocka_unit_test (buckets_collections_and_groups_have_their_paths),
        cmocka_unit_test (a_resource_of_a_plug_in_has_the_path_of_its_uri),
        cmocka_unit_test (the_same_change_told_twice_has_the_same_id),
        cmocka_unit_test (nothing_impacted_makes_no_event),
        cmocka_unit_test (what_is_missing_or_wrong_is_named),
        cmocka_unit_test (an_object_without_id_or_time_is_no_event),
        cmocka_unit_test (more_objects_than_the_limit_are_too_large),
        cmocka_unit_test (events_that_are_together_too_large_are_refused),
    };
    return cmocka_run_group_tests (tests, set_up, tear_down);
}
