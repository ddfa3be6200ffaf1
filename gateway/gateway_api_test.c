/*  The API as docs/http-api.md tells it, over real HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "gateway/gateway_fixture.h"

#define EVENT "{\"data\":{\"type\":\"a.b\",\"subject\":\"/s\",\"id\":\"%s\",\"data\":%s}}"
#define NOTIFICATION                                                                                                                       \
    "{\"payload\":{\"action\":\"delete\",\"resource_name\":\"record\",\"bucket_id\":\"b\",\"collection_id\":\"c\"},\"impacted_objects\":[" \
    "{\"new\":{\"id\":\"1\",\"last_modified\":5}},{\"new\":{\"id\":\"2\",\"last_modified\":6}}]}"

static void
an_event_is_answered_when_it_is_confirmed (void **state)
{
    fixture_t *fixture = *state;
    char body [256];
    snprintf (body, sizeof (body), EVENT, "one", "{\"x\": [1, 2.50]}");
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "", body);
    fixture_expect (fixture, 202, "");
    assert_string_equal (
        fixture_body (fixture),
        "{\"data\":[{\"id\":\"one\",\"partition\":0,\"seq\":1,\"status\":\"stored\"}]}");
    event_t *event = fake_broker_last (fixture->broker);
    assert_string_equal (event->id, "one");
    assert_memory_equal (event->data, "{\"x\": [1, 2.50]}", event->data_size);
    event_destroy (&event);

    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "", body);
    assert_string_equal (
        fixture_body (fixture),
        "{\"data\":[{\"id\":\"one\",\"partition\":0,\"seq\":1,\"status\":\"duplicate\"}]}");

    snprintf (body, sizeof (body), EVENT, "one", "{}");
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "", body);
    fixture_expect (fixture, 409, "\"errno\":122");
    assert_int_equal (fake_broker_count (fixture->broker), 1);
}

static void
each_object_of_a_notification_is_answered (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "", NOTIFICATION);
    fixture_expect (fixture, 202, "\"seq\":2,\"status\":\"stored\"");
    assert_int_equal (fake_broker_count (fixture->broker), 2);
    fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, "", NOTIFICATION);
    fixture_expect (fixture, 202, "\"seq\":1,\"status\":\"duplicate\"");
    assert_int_equal (fake_broker_count (fixture->broker), 2);
    event_t *event = fake_broker_last (fixture->broker);
    assert_string_equal (event->subject, "/buckets/b/collections/c/records/2");
    event_destroy (&event);

    fixture_ask (
        fixture, "POST", "/v1/events", FAKE_WRITER, "",
        "{\"payload\":{\"action\":\"delete\",\"resource_name\":\"record\"},\"impacted_objects\":[]}");
    fixture_expect (fixture, 202, "{\"data\":[]}");
}

static void
without_a_token_or_its_scope_nothing_is_done (void **state)
{
    fixture_t *fixture = *state;
    char body [256];
    snprintf (body, sizeof (body), EVENT, "one", "{}");
    fixture_ask (fixture, "POST", "/v1/events", NULL, "", body);
    fixture_expect (fixture, 401, "\"errno\":104");
    assert_true (fixture_has_header (
        fixture, "WWW-Authenticate: Bearer realm=\"tocsin\", Basic realm=\"tocsin\""));
    fixture_ask (fixture, "POST", "/v1/events", "tocsin_wrong", "", body);
    fixture_expect (fixture, 401, "no such token");
    fixture_ask (fixture, "POST", "/v1/events", NULL, "Authorization: Digest x\r\n", body);
    fixture_expect (fixture, 401, "");
    fixture_ask (fixture, "POST", "/v1/events", FAKE_READER, "", body);
    fixture_expect (fixture, 403, "the token reader has not the scope events:write");
    fixture_ask (fixture, "GET", "/v1/tokens", FAKE_WRITER, "", NULL);
    fixture_expect (fixture, 403, "has not the scope admin");
    assert_int_equal (fake_broker_count (fixture->broker), 0);

    fixture_ask (fixture, "POST", "/v1/events", FAKE_ADMIN, "", body);
    fixture_expect (fixture, 202, "stored");
}

static void
a_token_is_asked_for_once (void **state)
{
    fixture_t *fixture = *state;
    for (int i = 0; i < 5; i++)
        fixture_post_event (fixture, "x");
    assert_int_equal (fake_broker_asked (fixture->broker, "token.verify"), 1);
    char *arguments = fake_broker_arguments (fixture->broker);
    //  BLAKE2b-256 of FAKE_WRITER
    assert_int_equal (strlen (arguments), strlen ("{\"hash\":\"\"}") + 64);
    free (arguments);
}

static void
a_token_comes_by_basic_too (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (
        fixture, "GET", "/v1/", NULL,
        "Authorization: Basic dTp0b2NzaW5fd3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3c=\r\n", NULL);
    fixture_expect (fixture, 200, "\"user\":{\"id\":\"writer\",\"scopes\":[\"events:write\"]}");
}

static void
hello_tells_who_we_are_and_who_you_are (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "GET", "/v1/", NULL, "", NULL);
    fixture_expect (fixture, 200, "\"project_name\":\"tocsin\"");
    fixture_expect (fixture, 200, "\"url\":\"http://example.com:80/v1/\"");
    fixture_expect (fixture, 200, "\"capabilities\":{");
    assert_false (fixture_says (fixture, "\"user\""));
    fixture_ask (fixture, "GET", "/v1/", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 200, "\"user\":{\"id\":\"admin\",\"scopes\":[\"admin\"]}");
    fixture_ask (fixture, "GET", "/v1/", "tocsin_wrong", "", NULL);
    fixture_expect (fixture, 401, "");
    fixture_ask (fixture, "GET", "/?a=1", NULL, "", NULL);
    assert_int_equal (fixture->code, 307);
    assert_true (fixture_has_header (fixture, "Location: /v1/?a=1"));
}

static void
dockerflow_and_metrics_are_for_everybody (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "GET", "/__heartbeat__", NULL, "", NULL);
    fixture_expect (fixture, 200, "{\"broker\":true}");
    fixture_ask (fixture, "GET", "/v1/__lbheartbeat__", NULL, "", NULL);
    fixture_expect (fixture, 200, "{}");
    fixture_ask (fixture, "GET", "/__version__", NULL, "", NULL);
    fixture_expect (fixture, 200, "\"name\":\"tocsin\"");
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"text\":\"tocsin_of_the_broker 1\\n\"}");
    fixture_ask (fixture, "GET", "/metrics", NULL, "", NULL);
    fixture_expect (fixture, 200, "tocsin_of_the_broker 1\n");
    fixture_expect (fixture, 200, "http_requests");
    fixture_expect (fixture, 200, "broker_connected");
}

static void
the_status_is_the_brokers (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"events\":7}}");
    fixture_ask (fixture, "GET", "/v1/status", FAKE_READER, "", NULL);
    fixture_expect (fixture, 200, "{\"data\":{\"events\":7}}");
    fixture_ask (fixture, "GET", "/v1/status", FAKE_WRITER, "", NULL);
    fixture_expect (fixture, 403, "events:read");
}

static void
an_event_is_looked_up (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\": {\"id\":\"one\", \"deliveries\":[]}}");
    fixture_ask (fixture, "GET", "/v1/events/one%2Dtwo", FAKE_READER, "", NULL);
    fixture_expect (fixture, 200, "");
    assert_string_equal (fixture_body (fixture), "{\"data\":{\"id\":\"one\", \"deliveries\":[]}}");
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"id\":\"one-two\"}");
    free (arguments);

    fake_broker_answer (fixture->broker, STATUS_NOT_FOUND, "{\"message\":\"no event one\"}");
    fixture_ask (fixture, "GET", "/v1/events/one", FAKE_READER, "", NULL);
    fixture_expect (fixture, 404, "\"message\":\"no event one\"");
}

static void
a_subscription_is_made_with_an_etag_and_shown_verbatim (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (
        fixture->broker, STATUS_OK,
        "{\"data\":{\"id\":\"s\",\"last_modified\":17,\"deliver\":{\"secret\":\"whsec_x\"}}}");
    fixture_ask (fixture, "POST", "/v1/subscriptions", FAKE_ADMIN, "",
                 "{\"data\": {\"id\" : \"s\", \"match\": {}} }");
    fixture_expect (fixture, 201, "whsec_x");
    assert_true (fixture_has_header (fixture, "ETag: \"17\""));
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"document\":{\"id\" : \"s\", \"match\": {}}}");
    free (arguments);

    fake_broker_answer (fixture->broker, STATUS_BAD_MATCH,
                        "{\"message\":\"match.type: no\",\"name\":\"match.type\"}");
    fixture_ask (fixture, "POST", "/v1/subscriptions", FAKE_ADMIN, "", "{\"data\":{}}");
    fixture_expect (
        fixture, 400,
        "\"details\":[{\"location\":\"body\",\"name\":\"match.type\",\"description\":\"match.type: no\"}]");
}

static void
a_subscription_is_read_if_it_has_changed (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"id\":\"s\",\"last_modified\":17}}");
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_READER, "", NULL);
    fixture_expect (fixture, 200, "\"last_modified\":17");
    assert_true (fixture_has_header (fixture, "ETag: \"17\""));
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_READER, "If-None-Match: \"17\"\r\n",
                 NULL);
    fixture_expect (fixture, 304, "");
    assert_string_equal (fixture_body (fixture), "");
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_READER, "If-None-Match: \"16\"\r\n",
                 NULL);
    fixture_expect (fixture, 200, "");
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_READER, "If-Match: \"16\"\r\n", NULL);
    fixture_expect (fixture, 412, "\"errno\":114");
    fixture_ask (fixture, "GET", "/v1/subscriptions/s", FAKE_READER, "If-Match: 17\r\n", NULL);
    fixture_expect (fixture, 400, "\"location\":\"header\",\"name\":\"If-Match\"");
}

static void
a_subscription_is_replaced_if_nobody_was_faster (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"created\":true,\"data\":{\"id\":\"s\",\"last_modified\":18}}");
    fixture_ask (fixture, "PUT", "/v1/subscriptions/s", FAKE_ADMIN, "If-None-Match: *\r\n",
                 "{\"data\":{\"x\":1}}");
    fixture_expect (fixture, 201, "");
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"id\":\"s\",\"document\":{\"x\":1},\"if_none_match\":true}");
    free (arguments);

    fake_broker_answer (fixture->broker, STATUS_CHANGED, "{\"message\":\"it has 19\"}");
    fixture_ask (fixture, "PUT", "/v1/subscriptions/s", FAKE_ADMIN, "If-Match: \"18\"\r\n",
                 "{\"data\":{}}");
    fixture_expect (fixture, 412, "it has 19");
    arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"id\":\"s\",\"document\":{},\"if_match\":18}");
    free (arguments);

    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"created\":false,\"data\":{\"last_modified\":19}}");
    fixture_ask (fixture, "PUT", "/v1/subscriptions/s", FAKE_ADMIN, "", "{\"data\":{}}");
    fixture_expect (fixture, 200, "{\"data\":{\"last_modified\":19}}");
}

static void
a_subscription_is_deleted (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"id\":\"s\",\"deleted\":true}}");
    fixture_ask (fixture, "DELETE", "/v1/subscriptions/s", FAKE_ADMIN, "If-Match: \"3\"\r\n", NULL);
    fixture_expect (fixture, 200, "\"deleted\":true");
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"id\":\"s\",\"if_match\":3}");
    free (arguments);
}

static void
a_list_comes_in_pages (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (
        fixture->broker, STATUS_OK,
        "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"next\":\"b/\\u00e4\",\"total\":5}");
    fixture_ask (fixture, "GET", "/v1/subscriptions?_limit=2&_token=%61", FAKE_READER, "", NULL);
    fixture_expect (fixture, 200, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
    assert_true (fixture_has_header (fixture, "Total-Objects: 5"));
    assert_true (fixture_has_header (
        fixture, "Next-Page: http://example.com:80/v1/subscriptions?_limit=2&_token=b%2F%C3%A4"));
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"limit\":2,\"after\":\"a\"}");
    free (arguments);

    fixture_ask (fixture, "GET", "/v1/subscriptions?_limit=0", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "\"location\":\"querystring\",\"name\":\"_limit\"");
    fixture_ask (fixture, "GET", "/v1/subscriptions?_limit=x", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "");
    fixture_ask (fixture, "GET", "/v1/subscriptions?colour=red", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "\"name\":\"colour\"");
    fixture_ask (fixture, "GET", "/v1/subscriptions?_token=%4", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "badly encoded");
}

static void
a_subscription_is_paused_and_resumed (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"id\":\"s\",\"paused\":true,\"last_modified\":19}}");
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/pause", FAKE_ADMIN, "If-Match: \"18\"\r\n",
                 NULL);
    fixture_expect (fixture, 200, "\"paused\":true");
    assert_true (fixture_has_header (fixture, "ETag: \"19\""));
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"id\":\"s\",\"if_match\":18}");
    free (arguments);
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/resume", FAKE_ADMIN, "", "{}");
    fixture_expect (fixture, 200, "");
    assert_int_equal (fake_broker_asked (fixture->broker, "subscription.resume"), 1);
    fixture_ask (fixture, "POST", "/v1/subscriptions/s/resume", FAKE_READER, "", NULL);
    fixture_expect (fixture, 403, "subscriptions:write");
}

static void
events_are_listed_with_filters_that_the_next_page_keeps (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":[{\"id\":\"one\"}],\"next\":\"0.17\"}");
    fixture_ask (fixture, "GET", "/v1/events?_limit=1&type=a.*&_since=5", FAKE_READER, "", NULL);
    fixture_expect (fixture, 200, "{\"data\":[{\"id\":\"one\"}]}");
    assert_true (fixture_has_header (
        fixture,
        "Next-Page: http://example.com:80/v1/events?_limit=1&type=a.%2A&_since=5&_token=0.17"));
    assert_null (strstr (fixture->headers.at, "Total-Objects"));
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"limit\":1,\"type\":\"a.*\",\"since\":5}");
    free (arguments);
    fixture_ask (fixture, "GET", "/v1/events?_since=x", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "\"location\":\"querystring\",\"name\":\"_since\"");
    fixture_ask (fixture, "GET", "/v1/events?type=a&type=b", FAKE_READER, "", NULL);
    fixture_expect (fixture, 400, "given twice");
}

static void
a_match_is_tried_on_what_there_is (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"looked_at\":7}}");
    fixture_ask (fixture, "POST", "/v1/events/match", FAKE_READER, "",
                 "{\"data\": {\"match\": {\"type\": \"a.*\"}, \"last\": 7}}");
    fixture_expect (fixture, 200, "{\"data\":{\"looked_at\":7}}");
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"match\": {\"type\": \"a.*\"}, \"last\": 7}");
    free (arguments);
    fixture_ask (fixture, "POST", "/v1/events/match", FAKE_READER, "", "{\"data\": { }}");
    fixture_expect (fixture, 200, "");
    fixture_ask (fixture, "POST", "/v1/events/match", FAKE_READER, "", "{}");
    fixture_expect (fixture, 400, "data is missing");
}

static void
tokens_are_for_admins (void **state)
{
    fixture_t *fixture = *state;
    fake_broker_answer (fixture->broker, STATUS_OK,
                        "{\"data\":{\"id\":\"t\",\"token\":\"tocsin_new\"}}");
    fixture_ask (fixture, "POST", "/v1/tokens", FAKE_ADMIN, "",
                 "{\"data\":{\"name\":\"kinto\",\"scopes\":[\"events:write\"] }}");
    fixture_expect (fixture, 201, "tocsin_new");
    char *arguments = fake_broker_arguments (fixture->broker);
    assert_string_equal (arguments, "{\"name\":\"kinto\",\"scopes\":[\"events:write\"] }");
    free (arguments);
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":[{\"id\":\"t\"}]}");
    fixture_ask (fixture, "GET", "/v1/tokens", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 200, "{\"data\":[{\"id\":\"t\"}]}");
    fake_broker_answer (fixture->broker, STATUS_OK, "{\"data\":{\"id\":\"t\",\"deleted\":true}}");
    fixture_ask (fixture, "DELETE", "/v1/tokens/t", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 200, "\"deleted\":true");
    fixture_ask (fixture, "GET", "/v1/tokens", FAKE_ADMIN, "", NULL);  //  asked again, after that
    assert_int_equal (fake_broker_asked (fixture->broker, "token.verify"), 2);
}

static void
head_is_get_without_a_body (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "HEAD", "/__version__", NULL, "", NULL);
    fixture_expect (fixture, 200, "");
    assert_string_equal (fixture_body (fixture), "");
    assert_non_null (strstr (fixture->headers.at, "Content-Length: "));
    assert_false (fixture_has_header (fixture, "Content-Length: 0"));
}

static void
a_request_id_is_taken_or_made_and_echoed (void **state)
{
    fixture_t *fixture = *state;
    fixture_ask (fixture, "GET", "/__version__", NULL, "X-Request-Id: abc-1.2\r\n", NULL);
    assert_true (fixture_has_header (fixture, "X-Request-Id: abc-1.2"));
    fixture_ask (fixture, "GET", "/__version__", NULL, "X-Request-Id: a b\"c\r\n", NULL);
    assert_null (strstr (fixture->headers.at, "a b"));
    assert_non_null (strstr (fixture->headers.at, "X-Request-Id: "));
}

static size_t
count_bytes (char *bytes, size_t size, size_t count, void *total)
{
    (void)bytes;
    *(size_t *)total += size * count;
    return size * count;
}

//  A client that is not ours, over one connection that is kept.
static void
libcurl_is_served_on_one_connection (void **state)
{
    fixture_t *fixture = *state;
    char url [64];
    snprintf (url, sizeof (url), "http://127.0.0.1:%d/v1/events", fixture->port);
    CURL *curl = curl_easy_init ();
    struct curl_slist *headers =
        curl_slist_append (NULL, "Content-Type: application/json; charset=utf-8");
    headers = curl_slist_append (headers, "Authorization: Bearer " FAKE_WRITER);
    size_t total = 0;
    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt (curl, CURLOPT_WRITEDATA, &total);
    for (int i = 0; i < 20; i++) {
        char body [256], id [8];
        long code = 0, connects = 0;
        snprintf (id, sizeof (id), "n%d", i);
        snprintf (body, sizeof (body), EVENT, id, "{}");
        curl_easy_setopt (curl, CURLOPT_POSTFIELDS, body);
        assert_int_equal (curl_easy_perform (curl), CURLE_OK);
        curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &code);
        curl_easy_getinfo (curl, CURLINFO_NUM_CONNECTS, &connects);
        assert_int_equal (code, 202);
        assert_int_equal (connects, i == 0);
    }
    curl_slist_free_all (headers);
    curl_easy_cleanup (curl);
    assert_int_equal (fake_broker_count (fixture->broker), 20);
}

int
main (void)
{
//  With one gateway for all; those that count what the broker is asked of tokens have their own.
#define OVER_HTTP(test) cmocka_unit_test_setup (test, fixture_begin)
    const struct CMUnitTest tests [] = {
        OVER_HTTP (an_event_is_answered_when_it_is_confirmed),
        OVER_HTTP (each_object_of_a_notification_is_answered),
        OVER_HTTP (without_a_token_or_its_scope_nothing_is_done),

        OVER_HTTP (a_token_comes_by_basic_too),
        OVER_HTTP (hello_tells_who_we_are_and_who_you_are),
        OVER_HTTP (dockerflow_and_metrics_are_for_everybody),
        OVER_HTTP (the_status_is_the_brokers),
        OVER_HTTP (an_event_is_looked_up),
        OVER_HTTP (a_subscription_is_made_with_an_etag_and_shown_verbatim),
        OVER_HTTP (a_subscription_is_read_if_it_has_changed),
        OVER_HTTP (a_subscription_is_replaced_if_nobody_was_faster),
        OVER_HTTP (a_subscription_is_deleted),
        OVER_HTTP (a_list_comes_in_pages),
        OVER_HTTP (a_subscription_is_paused_and_resumed),
        OVER_HTTP (events_are_listed_with_filters_that_the_next_page_keeps),
        OVER_HTTP (a_match_is_tried_on_what_there_is),

        OVER_HTTP (head_is_get_without_a_body),
        OVER_HTTP (a_request_id_is_taken_or_made_and_echoed),
        OVER_HTTP (libcurl_is_served_on_one_connection),
    };
    const struct CMUnitTest counting [] = {
        cmocka_unit_test (a_token_is_asked_for_once),
        cmocka_unit_test_setup (tokens_are_for_admins, fixture_begin),
    };
    int failed = cmocka_run_group_tests (counting, fixture_set_up, fixture_tear_down);
    return failed + cmocka_run_group_tests (tests, fixture_set_up, fixture_tear_down);
}
