/*  client – against a gateway that answers as a test wants, and notes what it was asked. */
#include "cli/client.h"

#include <civetweb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/login.h"
#include "proto/model/owned.h"

static struct {
    struct mg_context *server;
    char url [64];
    int status;            //  of its next answer
    const char *says;      //  the body of it
    const char *header;    //  one more header, or ""
    char asked [1000];     //  the last request: method, path, Authorization, body
    pthread_mutex_t lock;  //  of what is above, but server and url: its thread uses it too
} gateway = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int
gateway_serve (struct mg_connection *connection, void *context)
{
    (void)context;
    const struct mg_request_info *request = mg_get_request_info (connection);
    const char *token = mg_get_header (connection, "Authorization");
    pthread_mutex_lock (&gateway.lock);
    int size = snprintf (gateway.asked, sizeof gateway.asked, "%s %s %s ", request->request_method,
                         request->request_uri, token ? token : "-");
    for (int n; request->content_length > 0 &&
                (n = mg_read (connection, gateway.asked + size,
                              sizeof gateway.asked - 1 - (size_t)size)) > 0;)
        size += n;
    gateway.asked [size] = 0;

    char answer [1000];
    size = snprintf (answer, sizeof answer, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n%s",
                     gateway.status, gateway.header, strlen (gateway.says), gateway.says);
    int status = gateway.status;
    pthread_mutex_unlock (&gateway.lock);
    mg_write (connection, answer, (size_t)size);
    return status;
}

static int
start_gateway (void **state)
{
    (void)state;
    static const char *options [] = {"listening_ports", "127.0.0.1:0", "num_threads", "2", NULL};
    mg_init_library (0);
    gateway.server = mg_start (NULL, NULL, options);
    if (!gateway.server)
        return -1;
    mg_set_request_handler (gateway.server, "**", gateway_serve, NULL);
    struct mg_server_port port = {0};
    mg_get_server_ports (gateway.server, 1, &port);
    snprintf (gateway.url, sizeof gateway.url, "http://127.0.0.1:%d", port.port);
    return 0;
}

static int
stop_gateway (void **state)
{
    (void)state;
    mg_stop (gateway.server);
    mg_exit_library ();
    return 0;
}

static void
answer_with_header (int status, const char *header, const char *says)
{
    pthread_mutex_lock (&gateway.lock);
    gateway.status = status;
    gateway.says = says;
    gateway.header = header;
    pthread_mutex_unlock (&gateway.lock);
}

static void
answer_with (int status, const char *says)
{
    answer_with_header (status, "", says);
}

static void
expect_asked (const char *request)
{
    pthread_mutex_lock (&gateway.lock);
    assert_string_equal (gateway.asked, request);
    pthread_mutex_unlock (&gateway.lock);
}

static void
a_request_carries_token_and_body_and_brings_the_answer (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "tocsin_x");
    OWNED (json) json_t *body = json_pack ("{s:i}", "a", 1);
    OWNED (json) json_t *answer = NULL;
    problem_t problem = {0};
    answer_with (202, "{\"data\": [7]}");
    assert_int_equal (client_call (client, "POST", "/v1/events", body, &answer, &problem),
                      STATUS_OK);
    expect_asked ("POST /v1/events Bearer tocsin_x {\"a\":1}");
    assert_int_equal (json_integer_value (json_array_get (json_object_get (answer, "data"), 0)), 7);
}

static void
a_get_after_a_post_has_no_body (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "");
    answer_with (200, "{}");
    assert_int_equal (client_send (client, "POST", "/a", "{}", 2, NULL, NULL), STATUS_OK);
    assert_int_equal (client_call (client, "GET", "/b", NULL, NULL, NULL), STATUS_OK);
    expect_asked ("GET /b - ");
    answer_with (204, "");
    assert_int_equal (client_call (client, "DELETE", "/c", NULL, NULL, NULL), STATUS_OK);
    expect_asked ("DELETE /c - ");
}

static void
a_refusal_brings_the_servers_sentence (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "");
    problem_t problem = {0};
    answer_with (409, "{\"code\": 409, \"errno\": 122, \"message\": \"take another\"}");
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem), STATUS_ID_TAKEN);
    assert_string_equal (problem.text, "take another");
    answer_with (400, "{\"code\": 400, \"errno\": 106, \"message\": \"line 1\"}");
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem), STATUS_BAD_JSON);
}

static void
a_wrong_token_is_explained (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "tocsin_x");
    problem_t problem = {0};
    answer_with (401, "{\"code\": 401, \"errno\": 104, \"message\": \"no\"}");
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem),
                      STATUS_UNAUTHENTICATED);
    assert_non_null (strstr (problem.text, "--token-file"));
    assert_null (strstr (problem.text, "tocsin_x"));
}

static void
a_stranger_that_speaks_http_is_told_from_a_gateway (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "");
    problem_t problem = {0};
    answer_with (200, "<html>");
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem), STATUS_INTERNAL);
    assert_non_null (strstr (problem.text, "is it a gateway"));
    answer_with (502, "<html>");
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem), STATUS_INTERNAL);
    assert_non_null (strstr (problem.text, "502"));
}

static void
nobody_there_is_said_with_the_remedy (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new ("http://127.0.0.1:1/", "");
    problem_t problem = {0};
    assert_int_equal (client_call (client, "GET", "/", NULL, NULL, &problem), STATUS_SYSTEM);
    assert_string_equal (problem.text, "no gateway answers at http://127.0.0.1:1: start one with "
                                       "`tocsin up`, or say where it is with --url");
}

static void
the_next_page_is_asked_of_the_same_server (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "");
    answer_with_header (
        200, "next-page: http://elsewhere:80/v1/subscriptions?_limit=2&_token=b\r\n", "{}");
    client_call (client, "GET", "/", NULL, NULL, NULL);
    assert_string_equal (client_next_page (client), "/v1/subscriptions?_limit=2&_token=b");
    answer_with (200, "{}");
    client_call (client, "GET", "/", NULL, NULL, NULL);
    assert_null (client_next_page (client));
}

static void
an_id_is_escaped_in_a_path (void **state)
{
    (void)state;
    OWNED (client) client_t *client = client_new (gateway.url, "");
    char *path = client_path (client, "/v1/events", "a/b ?");
    assert_string_equal (path, "/v1/events/a%2Fb%20%3F");
    free (path);
}

static void
the_token_is_the_one_given_or_in_the_file_or_the_environments (void **state)
{
    (void)state;
    char file [] = "/tmp/tocsin-token-XXXXXX";
    FILE *stream = fdopen (mkstemp (file), "w");
    fputs ("of-the-file\n", stream);
    fclose (stream);
    answer_with (200, "{}");
    setenv ("TOCSIN_URL", gateway.url, 1);
    setenv ("TOCSIN_TOKEN", "of-the-environment", 1);
    const login_t logins [] = {{0}, {.token_file = file}, {.token = "given", .token_file = file}};
    const char *const tokens [] = {"of-the-environment", "of-the-file", "given"};
    for (size_t i = 0; i < 3; i++) {
        OWNED (client) client_t *client = login_open (&logins [i], NULL);
        char asked [80];
        client_call (client, "GET", "/", NULL, NULL, NULL);
        snprintf (asked, sizeof asked, "GET / Bearer %s ", tokens [i]);
        expect_asked (asked);
    }
    remove (file);
    unsetenv ("TOCSIN_TOKEN");
    unsetenv ("TOCSIN_URL");

    problem_t problem = {0};
    assert_null (login_open (&(login_t){.token_file = file}, &problem));
    assert_non_null (strstr (problem.text, file));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_request_carries_token_and_body_and_brings_the_answer),
        cmocka_unit_test (a_get_after_a_post_has_no_body),
        cmocka_unit_test (a_refusal_brings_the_servers_sentence),
        cmocka_unit_test (a_wrong_token_is_explained),
        cmocka_unit_test (a_stranger_that_speaks_http_is_told_from_a_gateway),
        cmocka_unit_test (nobody_there_is_said_with_the_remedy),
        cmocka_unit_test (the_next_page_is_asked_of_the_same_server),
        cmocka_unit_test (an_id_is_escaped_in_a_path),
        cmocka_unit_test (the_token_is_the_one_given_or_in_the_file_or_the_environments),
    };
    return cmocka_run_group_tests (tests, start_gateway, stop_gateway);
}
