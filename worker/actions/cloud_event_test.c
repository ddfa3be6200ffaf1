#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned_json.h"
#include "worker/actions/cloud_event.h"

//  What is written for these fields; free () it.
static char *
written (const event_t *fields)
{
    event_t *event = event_new (fields);
    event_set_place (event, 0, 42, 1);
    body_t body = {0};
    cloud_event_write (event, &body);
    body_add (&body, "", 1);
    event_destroy (&event);
    return body.bytes;
}

static json_t *
parsed (const event_t *fields)
{
    char *text = written (fields);
    json_error_t error;
    json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg ("%s in %s", error.text, text);
    free (text);
    return json;
}

static void
assert_member (const json_t *json, const char *name, const char *expected)
{
    const json_t *value = json_object_get (json, name);
    if (!expected)
        assert_null (value);
    else
        assert_string_equal (json_string_value (value), expected);
}

static void
an_event_is_written_with_its_data_verbatim (void **state)
{
    (void)state;
    const char *data = "{\"b\" : 1,\n \"a\":[1.0]}";
    char *text = written (&(event_t){.id = "e1",
                                     .source = "https://kinto.example",
                                     .type = "kinto.record.update",
                                     .subject = "/buckets/a",
                                     .time = "2026-11-24T03:00:00Z",
                                     .data = (const uint8_t *)data,
                                     .data_size = strlen (data)});
    assert_string_equal (
        text, "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"https://kinto.example\","
              "\"type\":\"kinto.record.update\",\"subject\":\"/buckets/a\","
              "\"time\":\"2026-11-24T03:00:00Z\",\"partitionkey\":\"/buckets/a\","
              "\"sequence\":\"0000000000000000042\",\"datacontenttype\":\"application/json\","
              "\"data\":{\"b\" : 1,\n \"a\":[1.0]}}");
    free (text);
}

static void
where_it_comes_from_is_said_in_extension_attributes (void **state)
{
    (void)state;
    char *text = written (&(event_t){.id = "e1",
                                     .type = "t",
                                     .subject = "/s",
                                     .time = "2026-11-24T03:00:00Z",
                                     .causation = "e0",
                                     .root = "r",
                                     .via = "S",
                                     .hops = 2});
    assert_non_null (strstr (
        text,
        ",\"causationid\":\"e0\",\"rootid\":\"r\",\"via\":\"S\",\"hops\":2,\"datacontenttype\""));
    free (text);
}

static void
a_derived_id_gives_way_to_the_one_that_the_client_gave (void **state)
{
    (void)state;
    OWNED (json)
    json_t *json =
        parsed (&(event_t){.id = "e_abc", .given_id = "a.b/c", .source = "s", .type = "t"});
    assert_member (json, "id", "a.b/c");
    assert_member (json, "source", "s");
}

static void
what_cloud_events_need_is_there_though_the_client_gave_nothing (void **state)
{
    (void)state;
    OWNED (json) json_t *json = parsed (&(event_t){.id = "e1", .type = "t"});
    assert_member (json, "source", "/");
    assert_member (json, "subject", NULL);
    assert_member (json, "time", NULL);
    assert_null (json_object_get (json, "data"));
}

static void
data_that_is_not_json_goes_as_base64 (void **state)
{
    (void)state;
    OWNED (json)
    json_t *json = parsed (&(event_t){.id = "e1",
                                      .type = "t",
                                      .content_type = "text/plain",
                                      .data = (const uint8_t *)"\0\xff"
                                                               "abc",
                                      .data_size = 5});
    assert_member (json, "data_base64", "AP9hYmM=");
    assert_member (json, "datacontenttype", "text/plain");
    assert_null (json_object_get (json, "data"));
}

static void
large_data_is_encoded_in_pieces_that_fit_together (void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    uint8_t *data = calloc (1, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        data [i] = (uint8_t)(i * 7);
    OWNED (json)
    json_t *json = parsed (&(event_t){.id = "e1",
                                      .type = "t",
                                      .content_type = "application/octet-stream",
                                      .data = data,
                                      .data_size = SIZE});
    const char *base64 = json_string_value (json_object_get (json, "data_base64"));
    uint8_t *decoded = calloc (1, SIZE + 3);
    assert_int_equal (EVP_DecodeBlock (decoded, (const uint8_t *)base64, (int)strlen (base64)),
                      SIZE + 1);  //  with the zero of the padding
    assert_memory_equal (decoded, data, SIZE);
    free (decoded);
    free (data);
}

static void
quotes_and_control_characters_are_escaped (void **state)
{
    (void)state;
    OWNED (json)
    json_t *json = parsed (&(event_t){.id = "e1",
                                      .type = "t",
                                      .subject = "a\"b\\c\x01"
                                                 "d\xc3\xa9"});
    assert_member (json, "subject",
                   "a\"b\\c\x01"
                   "d\xc3\xa9");
}

static void
types_that_end_in_json_are_json (void **state)
{
    (void)state;
    assert_true (content_type_is_json ("application/json"));
    assert_true (content_type_is_json ("Application/JSON; charset=utf-8"));
    assert_true (content_type_is_json ("application/geo+json"));
    assert_false (content_type_is_json ("application/jsonlines"));
    assert_false (content_type_is_json ("text/plain; a=+json"));
    assert_false (content_type_is_json ("+json"));
    assert_false (content_type_is_json (""));
}

static void
a_question_says_so_and_has_no_place (void **state)
{
    (void)state;
    json_t *json = parsed (&(event_t){.id = "q1",
                                      .type = "a.b",
                                      .subject = "/s",
                                      .time = "2026-11-24T03:00:00Z",
                                      .data = (const uint8_t *)"{}",
                                      .data_size = 2,
                                      .phase = PHASE_PRE});
    assert_member (json, "phase", "pre");
    assert_member (json, "sequence", NULL);
    json_decref (json);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_question_says_so_and_has_no_place),
        cmocka_unit_test (an_event_is_written_with_its_data_verbatim),
        cmocka_unit_test (where_it_comes_from_is_said_in_extension_attributes),
        cmocka_unit_test (a_derived_id_gives_way_to_the_one_that_the_client_gave),
        cmocka_unit_test (what_cloud_events_need_is_there_though_the_client_gave_nothing),
        cmocka_unit_test (data_that_is_not_json_goes_as_base64),
        cmocka_unit_test (large_data_is_encoded_in_pieces_that_fit_together),
        cmocka_unit_test (quotes_and_control_characters_are_escaped),
        cmocka_unit_test (types_that_end_in_json_are_json),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
