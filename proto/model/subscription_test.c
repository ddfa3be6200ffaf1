#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"

#define SECRET "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"  //  24 bytes

static subscription_t *
read_text (const char *text, problem_t *problem)
{
    json_error_t error;
    OWNED (json) json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg ("%s: %s", text, error.text);
    limits_t limits = limits_default ();
    return subscription_new (json, 1795489200123, &limits, problem);
}

static subscription_t *
read_good (const char *text)
{
    problem_t problem = {0};
    subscription_t *subscription = read_text (text, &problem);
    if (!subscription)
        fail_msg ("%s: %s", text, problem.text);
    return subscription;
}

static const char least [] =
    "{\"match\": {}, \"deliver\": {\"url\": \"https://consumer.example/hook\"}}";
static const char most [] =
    "{\"id\": \"addons-to-balrog\","
    " \"match\": {\"type\": \"kinto.record.*\", \"subject\": \"/buckets/addons/**\", \"phase\": \"post\","
    "             \"data\": {\"new\": {\"status\": [\"signed\", \"released\"]}}},"
    " \"action\": {\"name\": \"webhook\"},"
    " \"deliver\": {\"url\": \"https://consumer.example/hook\", \"format\": \"kinto\","
    "               \"headers\": {\"X-Team\": \"updates\"}, \"secret\": \"" SECRET "\"},"
    " \"mode\": \"queue\", \"order\": \"key\", \"start\": \"earliest\","
    " \"retry\": {\"max_attempts\": 3, \"min_backoff_ms\": 10, \"max_backoff_ms\": 20,"
    "             \"timeout_ms\": 500, \"final\": [400, 422]},"
    " \"limits\": {\"in_flight\": 1}, \"paused\": true}";

static void
defaults_are_filled_in (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good (least);
    assert_memory_equal (self->id, "sub_", 4);
    assert_int_equal (strlen (self->id), 20);
    assert_int_equal (self->version, 1795489200123);
    assert_string_equal (self->action, "webhook");
    assert_int_equal (self->retry.max_attempts, 12);
    assert_int_equal (self->retry.min_backoff_ms, 1000);
    assert_int_equal (self->retry.max_backoff_ms, 3600000);
    assert_int_equal (self->retry.timeout_ms, 15000);
    assert_int_equal (self->in_flight_most, 64);
    assert_true (self->adapts);
    assert_true (self->rate_per_second == 0.0);
    assert_int_equal (self->retry.schedule_count, 0);
    assert_int_equal (self->retry.ttl_ms, 0);
    assert_int_equal (self->retry.retry_after_most_ms, 3600000);
    assert_int_equal (self->retry.disable_after_ms, 432000000);
    assert_int_equal (self->breaker.failures, 10);
    assert_int_equal (self->breaker.probe_ms, 5000);
    assert_int_equal (self->breaker.probe_most_ms, 300000);
    assert_int_equal (self->expires_ms, 0);
    assert_int_equal (self->keep, KEEP_ALL);
    assert_null (self->replay.id);
    assert_int_equal (self->order, ORDER_NONE);
    assert_int_equal (self->start, START_NOW);
    assert_true (!self->is_paused && !self->is_disabled);
    assert_null (match_type (self->match));

    OWNED (subscription) subscription_t *other = read_good (least);
    assert_string_not_equal (self->id, other->id);
    assert_string_not_equal (self->deliver_json, other->deliver_json);  //  its secret
}

static void
what_is_given_is_taken (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good (most);
    assert_string_equal (self->id, "addons-to-balrog");
    assert_string_equal (pattern_text (match_type (self->match)), "kinto.record.*");
    assert_int_equal (self->retry.max_attempts, 3);
    assert_int_equal (self->retry.min_backoff_ms, 10);
    assert_int_equal (self->retry.max_backoff_ms, 20);
    assert_int_equal (self->retry.timeout_ms, 500);
    assert_int_equal (self->in_flight_most, 1);
    assert_int_equal (self->order, ORDER_KEY);
    assert_int_equal (self->start, START_EARLIEST);
    assert_true (self->is_paused && !self->is_disabled);
    assert_string_equal (
        self->deliver_json,
        "{\"action\":{\"name\":\"webhook\"},\"deliver\":{\"url\":\"https://consumer.example/hook\","
        "\"format\":\"kinto\",\"headers\":{\"X-Team\":\"updates\"},\"secret\":\"" SECRET "\"},"
        "\"final\":[400,422]}");
    assert_int_equal (self->deliver_size, strlen (self->deliver_json));
}

static void
another_action_may_do_without_deliver (void **state)
{
    (void)state;
    OWNED (subscription)
    subscription_t *self =
        read_good ("{\"match\": {}, \"action\": {\"name\": \"counter\", \"by\": [1]}}");
    assert_string_equal (self->deliver_json,
                         "{\"action\":{\"name\":\"counter\",\"by\":[1]},\"final\":[]}");
}

static void
what_the_store_keeps_is_all_of_it (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good (least);
    OWNED (text) char *text = subscription_dump (self);
    limits_t limits = limits_default ();
    OWNED (subscription)
    subscription_t *again = subscription_load (text, strlen (text), &limits, NULL);
    assert_non_null (again);
    assert_string_equal (again->id, self->id);
    assert_int_equal (again->version, self->version);
    assert_string_equal (again->deliver_json, self->deliver_json);
    assert_true (json_equal (again->document, self->document));
    OWNED (text) char *text_again = subscription_dump (again);
    assert_string_equal (text_again, text);
}

static void
what_the_store_cannot_have_kept_is_a_problem (void **state)
{
    (void)state;
    static const char *const bad [] = {"",
                                       "{",
                                       "[]",
                                       "null",
                                       "{\"last_modified\": \"1\"}",
                                       "{\"last_modified\": 1}",
                                       "{\"a\": 1, \"a\": 2}"};
    limits_t limits = limits_default ();
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++) {
        problem_t problem = {0};
        assert_null (subscription_load (bad [i], strlen (bad [i]), &limits, &problem));
        assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
        assert_true (problem.text [0]);
    }
}

static void
the_secret_is_shown_only_when_asked_for (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good (most);
    OWNED (json) json_t *with = subscription_show (self, true);
    OWNED (json) json_t *without = subscription_show (self, false);
    const json_t *shown = json_object_get (json_object_get (with, "deliver"), "secret");
    assert_string_equal (json_string_value (shown), SECRET);
    assert_null (json_object_get (json_object_get (without, "deliver"), "secret"));
    assert_int_equal (json_integer_value (json_object_get (without, "last_modified")),
                      1795489200123);
    assert_non_null (strstr (self->deliver_json, SECRET));  //  the worker's is as it was
}

static void
what_was_shown_may_be_sent_back (void **state)
{
    (void)state;
    OWNED (subscription) subscription_t *self = read_good (most);
    OWNED (json) json_t *shown = subscription_show (self, true);
    limits_t limits = limits_default ();
    OWNED (subscription) subscription_t *again = subscription_new (shown, 2, &limits, NULL);
    assert_non_null (again);
    assert_int_equal (again->version, 2);
    assert_true (json_equal (again->document, self->document));
}

static void
a_change_of_state_makes_another_one_that_outlives_the_first (void **state)
{
    (void)state;
    subscription_t *self = read_good (most);
    subscription_t *disabled = subscription_with_state (self, 5, false, "gone");
    assert_true (self->is_paused && !self->is_disabled);
    subscription_destroy (&self);
    OWNED (subscription)
    subscription_t *active = subscription_with_state (disabled, 6, false, NULL);
    assert_true (!disabled->is_paused && disabled->is_disabled);
    assert_int_equal (disabled->version, 5);
    subscription_destroy (&disabled);

    assert_true (!active->is_paused && !active->is_disabled);
    assert_string_equal (pattern_text (match_type (active->match)), "kinto.record.*");
    assert_non_null (strstr (active->deliver_json, SECRET));
    OWNED (text) char *text = subscription_dump (active);
    assert_non_null (strstr (text, "\"disabled\":false"));
}

static void
it_lives_until_its_last_reference_goes (void **state)
{
    (void)state;
    subscription_t *self = read_good (least);
    subscription_t *again = subscription_ref (self);
    subscription_destroy (&self);
    assert_null (self);
    subscription_destroy (&self);
    assert_string_equal (again->action, "webhook");
    subscription_destroy (&again);
}

//  The least one with some members more.
static void
refuse_more (const char *members, const char *sentence)
{
    char text [400];
    snprintf (text, sizeof (text), "{%s, %s", members, least + 1);
    problem_t problem = {0};
    if (read_text (text, &problem))
        fail_msg ("taken: %s", text);
    assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.text, sentence);
    assert_memory_equal (problem.text, problem.name, strlen (problem.name));
}

static void
a_bad_member_is_named_and_told_what_may_be (void **state)
{
    (void)state;
    refuse_more ("\"id\": \"a b\"",
                 "id: \"a b\" has other characters than A-Z, a-z, 0-9, _ . and -");
    refuse_more ("\"id\": \"\"", "id: it is a string, and not empty");
    refuse_more ("\"id\": 3", "id: it is a string, and not empty");
    refuse_more ("\"mode\": \"both\"", "mode: \"both\" is none; there are queue broadcast");
    refuse_more ("\"mode\": \"broadcast\", \"start\": {\"seq\": 7}",
                 "start: it is \"now\" or \"earliest\" with \"mode\": \"broadcast\": where a "
                 "worker begins that has not heard of it before");
    refuse_more ("\"order\": \"seq\"", "order: \"seq\" is none; there are none key");
    refuse_more ("\"order\": null", "order: it is a string; there are none key");
    refuse_more ("\"start\": \"no\"", "start: \"no\" is none; there are now earliest");
    refuse_more ("\"paused\": 1", "paused: it is true or false");
    refuse_more ("\"action\": \"webhook\"",
                 "action: it is an object with name, and what that action wants");
    refuse_more ("\"action\": {}", "action.name: it is missing");
    refuse_more ("\"action\": {\"name\": \"web hook\"}",
                 "action.name: \"web hook\" has other characters than A-Z, a-z, 0-9, _ and -");
    refuse_more ("\"retry\": {\"max_attempts\": 0}", "retry.max_attempts: 0 is not in 1 … 100");
    refuse_more ("\"retry\": {\"max_attempts\": 1.5}",
                 "retry.max_attempts: it is a whole number in 1 … 100");
    refuse_more ("\"retry\": {\"min_backoff_ms\": 5000, \"max_backoff_ms\": 4000}",
                 "retry.max_backoff_ms: 4000 is not in 5000 … 604800000");
    refuse_more ("\"retry\": {\"final\": 404}",
                 "retry.final: it is an array of at most 32 HTTP statuses, as in [400, 404]");
    refuse_more ("\"retry\": {\"final\": [404, 429]}",
                 "retry.final: its element 1 is no HTTP status in 400 … 599 without 408, 410, 425, "
                 "429 and 503, which have their own meaning");
    refuse_more ("\"limits\": {\"in_flight\": 1025}", "limits.in_flight: 1025 is not in 1 … 1024");
}

static void
what_is_not_known_is_refused_rather_than_ignored (void **state)
{
    (void)state;
    refuse_more (
        "\"emits\": {\"type\": \"a.b\"}",
        "the document: \"emits\" is no member of it; docs/subscriptions.md has those that there are");
    refuse_more ("\"limits\": {\"rate\": 0}",
                 "limits: \"rate\" is no member of it; there are in_flight adaptive "
                 "rate_per_second burst");
    refuse_more ("\"action\": {\"name\": \"webhook\", \"command\": \"rm\"}",
                 "action: \"command\" is no member of it; there are name");
}

static void
refuse_deliver (const char *deliver, const char *sentence)
{
    char text [3000];
    snprintf (text, sizeof (text), "{\"match\": {}, \"deliver\": %s}", deliver);
    problem_t problem = {0};
    if (read_text (text, &problem))
        fail_msg ("taken: %s", text);
    assert_int_equal (problem.status, STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.text, sentence);
}

static void
a_bad_destination_is_told_why (void **state)
{
    (void)state;
    refuse_deliver ("{}", "deliver.url: it is missing");
    refuse_deliver ("null", "deliver: it is an object with url format headers body secret");
    refuse_deliver ("{\"url\": \"ftp://a/b\"}",
                    "deliver.url: \"ftp://a/b\" does not start with https:// or http://");
    refuse_deliver ("{\"url\": \"file:///etc/passwd\"}",
                    "deliver.url: \"file:///etc/passwd\" does not start with https:// or http://");
    refuse_deliver ("{\"url\": \"https:///b\"}", "deliver.url: \"https:///b\" names no host");
    refuse_deliver ("{\"url\": \"http://:80/b\"}", "deliver.url: \"http://:80/b\" names no host");
    refuse_deliver ("{\"url\": \"http://a/b c\"}",
                    "deliver.url: blanks and what is not ASCII are written as %20 and so on");
    refuse_deliver ("{\"url\": \"http://a/b\\r\\nX: y\"}",
                    "deliver.url: it has a control character");
    refuse_deliver ("{\"url\": \"http://a\", \"format\": \"xml\"}",
                    "deliver.format: \"xml\" is none; there are cloudevents kinto raw");
    refuse_deliver (
        "{\"url\": \"http://a\", \"secret\": \"whsec_c2hvcnQ=\"}",
        "deliver.secret: it is whsec_ and base64 of 24 to 64 bytes; without one it is made");
    refuse_deliver (
        "{\"url\": \"http://a\", \"secret\": \"" SECRET "=\"}",
        "deliver.secret: it is whsec_ and base64 of 24 to 64 bytes; without one it is made");
    char deliver [2200];
    snprintf (deliver, sizeof (deliver), "{\"url\": \"http://%02048d\"}", 1);
    refuse_deliver (deliver, "deliver.url: 2055 bytes are too long; at most 2048");
}

static void
headers_cannot_split_or_redirect_a_request (void **state)
{
    (void)state;
#define WITH_HEADERS(headers) "{\"url\": \"http://a\", \"headers\": " headers "}"
    refuse_deliver (WITH_HEADERS ("[]"),
                    "deliver.headers: it is an object of strings, as in {\"X-Team\": \"updates\"}");
    refuse_deliver (WITH_HEADERS ("{\"X\": 1}"),
                    "deliver.headers.X: it is a string, and not empty");
    refuse_deliver (WITH_HEADERS ("{\"X\": \"a\\r\\nHost: b\"}"),
                    "deliver.headers.X: it has a control character");
    refuse_deliver (WITH_HEADERS ("{\"X: y\": \"a\"}"),
                    "deliver.headers: \"X: y\" is no name of a header");
    refuse_deliver (WITH_HEADERS ("{\"\": \"a\"}"), "deliver.headers: \"\" is no name of a header");
    static const char *const reserved [] = {
        "Host",       "Tocsin-Replay", "content-length", "Transfer-Encoding", "connection",
        "Webhook-Id", "WEBHOOK-X",     "Content-Type",   "User-Agent"};
    for (size_t i = 0; i < sizeof (reserved) / sizeof (*reserved); i++) {
        char deliver [100], sentence [200];
        snprintf (deliver, sizeof (deliver), WITH_HEADERS ("{\"%s\": \"a\"}"), reserved [i]);
        snprintf (
            sentence, sizeof (sentence),
            "deliver.headers.%s: this header is not yours to set: it is part of each delivery",
            reserved [i]);
        refuse_deliver (deliver, sentence);
    }
}

static void
as_many_headers_as_the_limit (void **state)
{
    (void)state;
    limits_t limits = limits_default ();
    for (int count = 32; count <= 33; count++) {
        OWNED (json) json_t *document = json_loads (least, 0, NULL);
        json_t *headers = json_object ();
        json_object_set_new (json_object_get (document, "deliver"), "headers", headers);
        for (int i = 0; i < count; i++) {
            char name [10];
            snprintf (name, sizeof (name), "X-%d", i);
            json_object_set_new (headers, name, json_string ("y"));
        }
        OWNED (subscription) subscription_t *self = subscription_new (document, 1, &limits, NULL);
        assert_int_equal (self != NULL, count == 32);
    }
}

static void
what_is_missing_is_asked_for (void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_null (read_text ("{\"match\": {}}", &problem));
    assert_string_equal (problem.text, "deliver: it is missing; say where to, as in "
                                       "{\"url\": \"https://consumer.example/hook\"}");
    assert_null (read_text ("{\"deliver\": {\"url\": \"http://a\"}}", &problem));
    assert_string_equal (problem.name, "match");
    assert_null (read_text ("[]", &problem));
    assert_string_equal (problem.text, "the document: it is an object with match, deliver …");
    assert_string_equal (problem.name, "");
}

static void
a_bad_match_is_the_matchs_own_problem (void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_null (read_text ("{\"match\": {\"type\": \"a*\"}, \"deliver\": {\"url\": \"http://a\"}}",
                            &problem));
    assert_int_equal (problem.status, STATUS_BAD_MATCH);
    assert_string_equal (problem.name, "match.type");
}

static void
a_document_has_its_size (void **state)
{
    (void)state;
    OWNED (json) json_t *document = json_loads (least, 0, NULL);
    limits_t limits = limits_default ();
    limits.subscription_bytes = 600;
    problem_t problem = {0};
    assert_null (subscription_new (document, 1, &limits, &problem));
    assert_int_equal (problem.status, STATUS_TOO_LARGE);
    limits.subscription_bytes = 900;
    OWNED (subscription) subscription_t *self = subscription_new (document, 1, &limits, &problem);
    assert_non_null (self);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (defaults_are_filled_in),
        cmocka_unit_test (what_is_given_is_taken),
        cmocka_unit_test (another_action_may_do_without_deliver),
        cmocka_unit_test (what_the_store_keeps_is_all_of_it),
        cmocka_unit_test (what_the_store_cannot_have_kept_is_a_problem),
        cmocka_unit_test (the_secret_is_shown_only_when_asked_for),
        cmocka_unit_test (what_was_shown_may_be_sent_back),
        cmocka_unit_test (a_change_of_state_makes_another_one_that_outlives_the_first),
        cmocka_unit_test (it_lives_until_its_last_reference_goes),
        cmocka_unit_test (a_bad_member_is_named_and_told_what_may_be),
        cmocka_unit_test (what_is_not_known_is_refused_rather_than_ignored),
        cmocka_unit_test (a_bad_destination_is_told_why),
        cmocka_unit_test (headers_cannot_split_or_redirect_a_request),
        cmocka_unit_test (as_many_headers_as_the_limit),
        cmocka_unit_test (what_is_missing_is_asked_for),
        cmocka_unit_test (a_bad_match_is_the_matchs_own_problem),
        cmocka_unit_test (a_document_has_its_size),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
