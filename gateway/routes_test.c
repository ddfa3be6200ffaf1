/*  routes – which path leads where, and what is said of those that lead nowhere. */
#include "gateway/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
expect_route (const char *method, const char *path, handler_t *handler, const char *id)
{
    const route_t *route = NULL;
    char name [REQUEST_NAME_SIZE] = "", part [REQUEST_NAME_SIZE] = "";
    char allowed [ROUTES_ALLOWED_SIZE];
    if (route_find (method, path, &route, name, part, allowed) != STATUS_OK)
        fail_msg ("%s %s leads nowhere", method, path);
    assert_true (route->handler == handler);
    assert_string_equal (name, id);
}

static void
expect_none (const char *method, const char *path, status_t status, const char *allows)
{
    const route_t *route;
    char name [REQUEST_NAME_SIZE], part [REQUEST_NAME_SIZE], allowed [ROUTES_ALLOWED_SIZE];
    assert_int_equal (route_find (method, path, &route, name, part, allowed), status);
    assert_string_equal (allowed, allows);
}

static void
a_path_leads_to_its_handler (void **state)
{
    (void)state;
    expect_route ("POST", "/v1/events", events_post, "");
    expect_route ("GET", "/v1/events/k_0123-x", events_get, "k_0123-x");
    expect_route ("HEAD", "/v1/events/1", events_get, "1");
    expect_route ("GET", "/v1/subscriptions", subscriptions_list, "");
    expect_route ("PUT", "/v1/subscriptions/a%20b", subscriptions_put, "a b");
    expect_route ("DELETE", "/v1/subscriptions/%c3%A4", subscriptions_delete, "\xc3\xa4");
    expect_route ("DELETE", "/v1/tokens/x", tokens_delete, "x");
    expect_route ("POST", "/v1/events/match", log_match, "");
    expect_route ("GET", "/v1/events/match", events_get, "match");
    expect_route ("POST", "/v1/subscriptions/a%20b/pause", subscriptions_pause, "a b");
    expect_route ("DELETE", "/v1/subscriptions/s/dead-letters/e", operations_discard_one, "s");
    expect_route ("POST", "/v1/subscriptions/s/dead-letters/redrive", operations_redrive, "s");
    expect_route ("POST", "/v1/subscriptions/s/dead-letters/e/redrive", operations_redrive_one,
                  "s");
    expect_route ("POST", "/v1/subscriptions/s/deliveries/e/cancel", operations_cancel, "s");
    expect_route ("POST", "/v1/events/e/replay", operations_replay_event, "e");
    expect_route ("GET", "/v1/", root_hello, "");
    expect_route ("GET", "/__heartbeat__", root_heartbeat, "");
    expect_route ("GET", "/v1/__heartbeat__", root_heartbeat, "");
    expect_route ("GET", "/metrics", root_metrics, "");
}

static void
a_wrong_method_is_told_the_right_ones (void **state)
{
    (void)state;
    expect_none ("PUT", "/v1/events", STATUS_NOT_ALLOWED, "POST, GET, HEAD");
    expect_none ("POST", "/v1/events/1", STATUS_NOT_ALLOWED, "GET, HEAD");
    expect_none ("PATCH", "/v1/subscriptions/1", STATUS_NOT_ALLOWED, "GET, HEAD, PUT, DELETE");
    expect_none ("BREW", "/v1/tokens", STATUS_NOT_ALLOWED, "GET, HEAD, POST");
    expect_none ("GET", "/v1/subscriptions/1/pause", STATUS_NOT_ALLOWED, "POST");
    expect_none ("GET", "/v1/subscriptions/s/dead-letters/e", STATUS_NOT_ALLOWED, "DELETE");
    expect_none ("get", "/v1/", STATUS_NOT_ALLOWED, "GET, HEAD");
}

static void
an_unknown_path_leads_nowhere (void **state)
{
    (void)state;
    static const char *const paths [] = {"/",
                                         "",
                                         "/v1",
                                         "/v2/events",
                                         "/v1/event",
                                         "/v1/events/",
                                         "/v1/events/1/2",
                                         "/v1/subscriptions//state",
                                         "/v1/subscriptions/a/b/state",
                                         "/v1/subscriptions/a/dead-letters/",
                                         "/v1/events/%",
                                         "/v1/events/%4",
                                         "/v1/events/%zz",
                                         "/v1/events/%00",
                                         "/V1/events",
                                         "/v1//events",
                                         "/.htpasswd",
                                         "/v1/subscriptions/../tokens"};
    for (size_t i = 0; i < sizeof (paths) / sizeof (*paths); i++)
        expect_none ("GET", paths [i], STATUS_NOT_FOUND, "");
}

static void
an_id_that_is_too_long_is_none (void **state)
{
    (void)state;
    char path [REQUEST_NAME_SIZE + 32] = "/v1/events/";
    size_t prefix = strlen (path);
    memset (path + prefix, 'x', REQUEST_NAME_SIZE - 1);
    path [prefix + REQUEST_NAME_SIZE - 1] = 0;
    expect_route ("GET", path, events_get, path + prefix);
    strcat (path, "x");
    expect_none ("GET", path, STATUS_NOT_FOUND, "");
}

static void
a_path_that_is_nearly_right_is_redirected_as_kinto_does (void **state)
{
    (void)state;
    static const struct {
        const char *path, *target;
    } cases [] = {
        {"/", "/v1/"},
        {"/v1", "/v1/"},
        {"/v1/events/", "/v1/events"},
        {"/v1/events/1/", "/v1/events/1"},
        {"/events", "/v1/events"},
        {"/subscriptions/x", "/v1/subscriptions/x"},
        {"/__version__/", "/__version__"},
    };
    char target [64];
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        assert_true (route_redirect (cases [i].path, target, sizeof (target)));
        assert_string_equal (target, cases [i].target);
    }
    assert_false (route_redirect ("/nothing/", target, sizeof (target)));
    assert_false (route_redirect ("//example.com/", target, sizeof (target)));
    assert_false (route_redirect ("/v1/", target, sizeof (target)));
    assert_false (route_redirect ("/v1/events/1/2", target, sizeof (target)));
}

//  docs/http-api.md has the method and the path of each, but of those that have no scope.
static void
every_route_is_in_the_docs (void **state)
{
    static const struct {
        const char *method, *path, *scope;
    } routes [] = {
#define ROUTE(method, path, scope, body, handler) {#method, path, #scope},
#include "gateway/routes.tbl"
    };
    static char page [262144];
    (void)state;
    char file [512] = __FILE__;
    char *end = strstr (file, "gateway/routes_test.c");
    assert_non_null (end);
    strcpy (end, "docs/http-api.md");
    FILE *docs = fopen (file, "r");
    assert_non_null (docs);
    page [fread (page, 1, sizeof (page) - 1, docs)] = 0;
    fclose (docs);
    for (size_t i = 0; i < sizeof (routes) / sizeof (*routes); i++) {
        char path [120] = "", *part;
        snprintf (path, sizeof (path), "`%s %s", routes [i].method, routes [i].path);
        if ((part = strstr (path, "{part}")))
            *part = 0;  //  it has another name there
        if (strcmp (routes [i].scope, "NONE") != 0 && !strstr (page, path))
            fail_msg ("docs/http-api.md does not tell of %s`", path);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_path_leads_to_its_handler),
        cmocka_unit_test (a_wrong_method_is_told_the_right_ones),
        cmocka_unit_test (an_unknown_path_leads_nowhere),
        cmocka_unit_test (an_id_that_is_too_long_is_none),
        cmocka_unit_test (a_path_that_is_nearly_right_is_redirected_as_kinto_does),
        cmocka_unit_test (every_route_is_in_the_docs),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
