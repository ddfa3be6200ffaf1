/*  What a gateway is sent by the careless and the malicious: each has its documented answer, and
 *  nothing is stored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/gateway_fixture.h"

#define GOOD "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":1}}"
#define HEAD                                                                    \
    "POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " FAKE_WRITER \
    "\r\nContent-Type: application/json\r\n"

//  One gateway for all: what one of them sends must not hurt the next.
static int
check_that_nothing_was_stored (void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal (fake_broker_count (fixture->broker), 0);
    fixture_ask (fixture, "GET", "/__lbheartbeat__", NULL, "", NULL);
    return fixture->code == 200 ? 0 : -1;
}

static void
expect_of_body (fixture_t *fixture, const char *body, size_t size, long code, const char *says)
{
    fixture_ask_sized (fixture, "POST", "/v1/events", FAKE_WRITER, "", body, size);
    fixture_expect (fixture, code, says);
}

static void
what_is_no_json_is_refused_with_line_and_column (void **state)
{
    static const struct {
        const char *body, *says;
    } cases [] = {
        {"{\"data\":{\n\"type\" \"a\"}}", "\"message\":\"line 2, column 8: a colon is expected\""},
        {"", "the text ends too early"},
        {"nonsense", "\"errno\":106"},
        {"{\"data\":{\"type\":\"\xff\"}}", "this is not UTF-8"},
        {"{\"data\":{\"type\":\"a\",\"type\":\"b\"}}", "this name comes twice in its object"},
        {"{\"data\":{\"type\":\"a\",\"subject\":\"/\",\"data\":{\"k\":{\"x\":1,\"x\":2}}}}",
         "this name comes twice in its object"},
        {"{\"data\":{\"type\":\"\\ud800\"}}", "half a surrogate pair"},
        {GOOD "x", "the text goes on after its value"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++)
        expect_of_body (*state, cases [i].body, strlen (cases [i].body), 400, cases [i].says);
    expect_of_body (*state, "{\"data\":\0{}}", 12, 400, "\"errno\":106");
    expect_of_body (*state, GOOD "\0", strlen (GOOD) + 1, 400, "goes on after its value");
}

static void
what_is_no_event_is_refused_with_its_member (void **state)
{
    static const struct {
        const char *body, *says;
    } cases [] = {
        {"[]", "\"errno\":109"},
        {"{}", "the body is empty"},
        {"{\"data\":{}}", "\"name\":\"data.type\""},
        {"{\"data\":{\"type\":5}}", "data.type: a string is expected, not a number"},
        {"{\"data\":{\"type\":\"a\",\"subject\":\"/s\"}}", "data.data is missing"},
        {"{\"data\":{\"colour\":1}}", "data.colour: there is no such member"},
        {"{\"data\":{\"type\":\"a b\",\"subject\":\"/s\",\"data\":1}}", "\"name\":\"data.type\""},
        {"{\"payload\":{},\"impacted_objects\":{}}", "\"name\":\"impacted_objects\""},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++)
        expect_of_body (*state, cases [i].body, strlen (cases [i].body), 400, cases [i].says);
}

static void
deep_nesting_is_refused (void **state)
{
    bytes_t body = {0};
    bytes_add_text (&body, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":");
    for (int i = 0; i < 100000; i++)
        bytes_add_text (&body, "[");
    expect_of_body (*state, body.at, body.size, 400, "nested deeper than limits/json_depth");
    bytes_free (&body);
}

static void
data_over_a_mebibyte_is_too_large (void **state)
{
    bytes_t body = {0};
    bytes_add_text (&body, "{\"data\":{\"type\":\"a\",\"subject\":\"/s\",\"data\":\"");
    for (int i = 0; i < 65536; i++)
        bytes_add_text (&body, "0123456789abcdef");
    bytes_add_text (&body, "\"}}");
    expect_of_body (*state, body.at, body.size, 413, "limits/event_bytes");
    bytes_free (&body);
}

static void
a_body_over_the_limit_is_refused_before_it_is_read (void **state)
{
    fixture_t *fixture = *state;
    //  never sent: the answer does not wait for it
    fixture_send_raw (fixture, HEAD "Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",
                      strlen (HEAD "Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n"));
    fixture_expect (fixture, 413, "limits/body_bytes");
    assert_true (fixture_has_header (fixture, "Connection: close"));

    bytes_t body = {0};
    bytes_add_text (&body, "\"");
    for (int i = 0; i < 5 * 65536; i++)
        bytes_add_text (&body, "0123456789abcdef");
    expect_of_body (fixture, body.at, body.size, 413, "limits/body_bytes");
    bytes_free (&body);
}

static void
a_chunked_body_has_the_same_limit (void **state)
{
    fixture_t *fixture = *state;
    bytes_t body = {0};
    bytes_add_text (&body, HEAD "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 5 * 1024; i++) {
        bytes_add_text (&body, "400\r\n");
        for (int k = 0; k < 64; k++)
            bytes_add_text (&body, "0123456789abcdef");
        bytes_add_text (&body, "\r\n");
    }
    bytes_add_text (&body, "0\r\n\r\n");
    fixture_send_raw (fixture, body.at, body.size);
    fixture_expect (fixture, 413, "limits/body_bytes");
    bytes_free (&body);

    const char *broken = HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n";
    fixture_send_raw (fixture, broken, strlen (broken));
    fixture_expect (fixture, 400, "chunked");
}

static void
unclear_lengths_are_refused_and_the_connection_closed (void **state)
{
    static const struct {
        const char *headers;
        long code;
        const char *says;
    } cases [] = {
        {"Content-Length: 5\r\nContent-Length: 6\r\n", 400, "Content-Length comes twice"},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", 400, "Content-Length comes twice"},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, "cannot both be"},
        {"Content-Length: 5x\r\n", 400, "is no number of bytes"},
        {"Content-Length: +5\r\n", 400, "is no number of bytes"},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "comes twice"},
        {"Content-Length: -5\r\n", 400, ""},
        {"Content-Length: x\r\n", 400, ""},
        {"Transfer-Encoding: gzip\r\n", 400, ""},
        {"", 411, "\"errno\":112"},
    };
    fixture_t *fixture = *state;
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        char request [2048];
        snprintf (request, sizeof (request), HEAD "%s\r\n" GOOD, cases [i].headers);
        fixture_send_raw (fixture, request, strlen (request));
        fixture_expect (fixture, cases [i].code, cases [i].says);
        assert_true (fixture_has_header (fixture, "Connection: close"));
    }
}

static void
another_content_type_is_refused (void **state)
{
    fixture_t *fixture = *state;
    static const char *const types [] = {"text/plain", "application/x-www-form-urlencoded",
                                         "application/jsonp", "application/json; charset=latin-1"};
    for (size_t i = 0; i < sizeof (types) / sizeof (*types); i++) {
        char header [128];
        snprintf (header, sizeof (header), "Content-Type: %s\r\n", types [i]);
        fixture_ask (fixture, "POST", "/v1/events", FAKE_WRITER, header, GOOD);
        fixture_expect (fixture, 415, "\"name\":\"Content-Type\"");
    }
}

static void
unknown_paths_and_methods_are_told_so (void **state)
{
    fixture_t *fixture = *state;
    static const char *const paths [] = {"/v1/nothing",    "/etc/passwd",    "/../../etc/passwd",
                                         "/.htpasswd",     "/v1/events/a/b", "/ui/",
                                         "/v1/events/%00", "/index.html",    "/v1/%2e%2e/metrics"};
    for (size_t i = 0; i < sizeof (paths) / sizeof (*paths); i++) {
        fixture_ask (fixture, "GET", paths [i], FAKE_ADMIN, "", NULL);
        fixture_expect (fixture, 404, "\"errno\":111");
    }
    fixture_ask (fixture, "DELETE", "/v1/events", FAKE_ADMIN, "", NULL);
    fixture_expect (fixture, 405, "\"errno\":115");
    assert_true (fixture_has_header (fixture, "Allow: POST, GET, HEAD"));
    fixture_ask (fixture, "OPTIONS", "/v1/events", NULL,
                 "Origin: http://x\r\nAccess-Control-Request-Method: POST\r\n", NULL);
    fixture_expect (fixture, 405, "");
}

static void
what_is_no_http_is_answered_as_an_error (void **state)
{
    fixture_t *fixture = *state;
    static const char *const requests [] = {
        "nonsense\r\n\r\n",
        "GET /v1/\r\n\r\n",
        "GET /v1/ HTTP/9.9\r\n\r\n",
        "GET /v1/ HTTP/1.1\r\nbad header\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof (requests) / sizeof (*requests); i++) {
        fixture_send_raw (fixture, requests [i], strlen (requests [i]));
        fixture_expect (fixture, 400, "\"errno\":107");
    }
}

static void
giant_and_too_many_headers_are_refused (void **state)
{
    fixture_t *fixture = *state;
    bytes_t request = {0};
    bytes_add_text (&request, "GET /v1/ HTTP/1.1\r\nX: ");
    for (int i = 0; i < 20000; i++)
        bytes_add_text (&request, "y");
    bytes_add_text (&request, "\r\n\r\n");
    fixture_send_raw (fixture, request.at, request.size);
    fixture_expect (fixture, 400, "16 KiB");

    request.size = 0;
    bytes_add_text (&request, "GET /v1/ HTTP/1.1\r\n");
    for (int i = 0; i < 100; i++)
        bytes_add_text (&request, "X: y\r\n");
    bytes_add_text (&request, "\r\n");
    fixture_send_raw (fixture, request.at, request.size);
    fixture_expect (fixture, 400, "too many headers");
    bytes_free (&request);
}

static void
bad_documents_do_not_reach_the_broker (void **state)
{
    fixture_t *fixture = *state;
    static const struct {
        const char *body, *says;
    } cases [] = {
        {"{\"data\":{\"a\":1,\"a\":2}}", "twice"},
        {"{\"data\":[]}", "data: an object is expected, not an array"},
        {"{\"data\":{},\"more\":1}", "beside"},
        {"{}", "data is missing"},
        {"[]", "the body: an object is expected, not an array"},
        {"{\"data\":", "the text ends too early"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        fixture_ask (fixture, "POST", "/v1/subscriptions", FAKE_ADMIN, "", cases [i].body);
        fixture_expect (fixture, 400, cases [i].says);
    }
    assert_int_equal (fake_broker_asked (fixture->broker, "subscription.create"), 0);
}

int
main (void)
{
#define TRIED(test) cmocka_unit_test_teardown (test, check_that_nothing_was_stored)
    const struct CMUnitTest tests [] = {
        TRIED (what_is_no_json_is_refused_with_line_and_column),
        TRIED (what_is_no_event_is_refused_with_its_member),
        TRIED (deep_nesting_is_refused),
        TRIED (data_over_a_mebibyte_is_too_large),
        TRIED (a_body_over_the_limit_is_refused_before_it_is_read),
        TRIED (a_chunked_body_has_the_same_limit),
        TRIED (unclear_lengths_are_refused_and_the_connection_closed),
        TRIED (another_content_type_is_refused),
        TRIED (unknown_paths_and_methods_are_told_so),
        TRIED (what_is_no_http_is_answered_as_an_error),
        TRIED (giant_and_too_many_headers_are_refused),
        TRIED (bad_documents_do_not_reach_the_broker),
    };
    return cmocka_run_group_tests (tests, fixture_set_up, fixture_tear_down);
}
