/*  A token from its first fetch to its renewal; time is an argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "worker/exchange/token.h"

static token_t *
make_token (void)
{
    return token_new (&(token_settings_t){.url = "http://auth.example/token",
                                          .client_id = "me",
                                          .client_secret = "secret",
                                          .audience = "them"});
}

static void
expect (token_t *token, token_place_t *place, int64_t now_ms, token_answer_t expected,
        const char *said)
{
    char *line = NULL;
    ending_t end = {0};
    ending_start (&end, 0);
    assert_int_equal (token_take (token, place, now_ms, &line, &end), expected);
    assert_string_equal (line ? line : end.error, said);
    free (line);
}

static void
fetched (token_t *token, int status, const char *body, int64_t now_ms)
{
    json_t *json = json_loads (body, 0, NULL);
    token_fetched (token, &(answer_t){.status = status, .body = json}, now_ms, NULL);
    json_decref (json);
}

#define GOOD "{\"access_token\":\"one\",\"expires_in\":100}"

static void
one_fetches_and_all_use_it (void **state)
{
    (void)state;
    token_t *token = make_token ();
    json_t *body = token_request (token);
    char *text = json_dumps (body, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal (text, "{\"audience\":\"them\",\"client_id\":\"me\",\"client_secret\":"
                               "\"secret\",\"grant_type\":\"client_credentials\"}");
    free (text);
    json_decref (body);

    token_place_t first = {0}, second = {0};
    expect (token, &first, 0, TOKEN_FETCH, "");
    expect (token, &second, 0, TOKEN_WAIT, "");
    expect (token, &first, 0, TOKEN_WAIT, "");
    fetched (token, 200, GOOD, 1000);
    expect (token, &first, 1000, TOKEN_READY, "Authorization: Bearer one");
    expect (token, &second, 1000, TOKEN_READY, "Authorization: Bearer one");
    token_destroy (&token);
}

static void
it_is_renewed_before_it_expires (void **state)
{
    (void)state;
    token_t *token = make_token ();
    token_place_t place = {0};
    expect (token, &place, 0, TOKEN_FETCH, "");
    fetched (token, 200, GOOD, 0);
    expect (token, &place, 74999, TOKEN_READY, "Authorization: Bearer one");
    expect (token, &place, 75000, TOKEN_FETCH, "");
    fetched (token, 200, "{\"access_token\":\"two\",\"expires_in\":3600}", 76000);
    expect (token, &place, 76000 + 3299999, TOKEN_READY, "Authorization: Bearer two");
    expect (token, &place, 76000 + 3300000, TOKEN_FETCH, "");
    token_destroy (&token);
}

static void
a_failure_is_of_all_that_waited_and_of_nobody_after (void **state)
{
    (void)state;
    token_t *token = make_token ();
    token_place_t first = {0}, second = {0}, third = {0};
    expect (token, &first, 0, TOKEN_FETCH, "");
    expect (token, &second, 0, TOKEN_WAIT, "");
    fetched (token, 403, "{\"detail\":\"who?\"}", 10);
    expect (token, &first, 10, TOKEN_FAILED,
            "no token from http://auth.example/token: answered 403: who?: look at the worker's "
            "credentials for this server");
    expect (token, &third, 10, TOKEN_FETCH, "");
    expect (token, &second, 10, TOKEN_FAILED,
            "no token from http://auth.example/token: answered 403: who?: look at the worker's "
            "credentials for this server");
    fetched (token, 200, "{\"access_token\":\"a\\nb\"}", 20);
    expect (token, &third, 20, TOKEN_FAILED,
            "no token from http://auth.example/token: the answer has no access_token");
    token_destroy (&token);
}

static void
one_that_was_refused_is_replaced_once (void **state)
{
    (void)state;
    token_t *token = make_token ();
    token_place_t first = {0}, second = {0};
    expect (token, &first, 0, TOKEN_FETCH, "");
    fetched (token, 200, GOOD, 0);
    expect (token, &first, 0, TOKEN_READY, "Authorization: Bearer one");
    expect (token, &second, 0, TOKEN_READY, "Authorization: Bearer one");
    token_refused (token, &first);
    expect (token, &first, 0, TOKEN_FETCH, "");
    fetched (token, 200, "{\"access_token\":\"two\"}", 0);
    token_refused (token, &second);  //  that was the old one
    expect (token, &second, 0, TOKEN_READY, "Authorization: Bearer two");
    token_destroy (&token);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (one_fetches_and_all_use_it),
        cmocka_unit_test (it_is_renewed_before_it_expires),
        cmocka_unit_test (a_failure_is_of_all_that_waited_and_of_nobody_after),
        cmocka_unit_test (one_that_was_refused_is_replaced_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
