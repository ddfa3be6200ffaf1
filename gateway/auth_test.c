/*  auth – how a token may come, and how long what was said of it counts. */
#include "gateway/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
expect_token (const char *authorization, const char *expected)
{
    char token [40];
    if (!auth_token (authorization, token, sizeof (token)))
        fail_msg ("%s: no token", authorization);
    assert_string_equal (token, expected);
}

static void
a_token_comes_as_bearer_or_as_the_password_of_basic (void **state)
{
    (void)state;
    expect_token ("Bearer tocsin_x", "tocsin_x");
    expect_token ("bearer  tocsin_x", "tocsin_x");
    expect_token ("Basic dXNlcjp0b2NzaW5feA==", "tocsin_x");
    expect_token ("BASIC OnRvY3Npbl94", "tocsin_x");
    expect_token ("Basic dTpwOmE=", "p:a");
}

static void
other_credentials_are_none (void **state)
{
    (void)state;
    static const char *const cases [] = {
        "",
        "Bearer-tocsin_x",
        "Digest username=\"x\"",
        "tocsin_x",
        "Basic dXNlcg==",
        "Basic !!!",
        "Basic dXN",
        "Beare tocsin_x",
        "Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Basic",
        "Basic dTphYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"};
    char token [40];
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++)
        if (auth_token (cases [i], token, sizeof (token)))
            fail_msg ("%s: %s", cases [i], token);
}

static identity_t
identity (bool is_known, const char *id)
{
    identity_t made = {.is_known = is_known};
    strcpy (made.id, id);
    return made;
}

static void
what_was_said_of_a_token_counts_for_a_while (void **state)
{
    (void)state;
    token_cache_t *cache = token_cache_new ();
    identity_t known = identity (true, "k"), unknown = identity (false, ""), found;
    uint8_t one [TOKEN_HASH_BYTES] = {1}, two [TOKEN_HASH_BYTES] = {2};
    assert_false (token_cache_find (cache, one, 1000, &found));
    token_cache_keep (cache, one, 1000, &known, token_cache_generation (cache));
    token_cache_keep (cache, two, 1000, &unknown, token_cache_generation (cache));

    assert_true (token_cache_find (cache, one, 1000 + TOKEN_KNOWN_MS - 1, &found));
    assert_true (found.is_known);
    assert_string_equal (found.id, "k");
    assert_false (token_cache_find (cache, one, 1000 + TOKEN_KNOWN_MS, &found));
    assert_true (token_cache_find (cache, two, 1000 + TOKEN_UNKNOWN_MS - 1, &found));
    assert_false (found.is_known);
    assert_false (token_cache_find (cache, two, 1000 + TOKEN_UNKNOWN_MS, &found));
    token_cache_destroy (&cache);
}

static void
an_answer_from_before_a_deletion_is_not_kept (void **state)
{
    (void)state;
    token_cache_t *cache = token_cache_new ();
    identity_t known = identity (true, "k"), found;
    uint8_t one [TOKEN_HASH_BYTES] = {1};
    uint64_t before = token_cache_generation (cache);
    token_cache_empty (cache);
    token_cache_keep (cache, one, 1000, &known, before);
    assert_false (token_cache_find (cache, one, 1000, &found));
    token_cache_destroy (&cache);
}

static void
a_flood_of_wrong_tokens_leaves_the_right_one (void **state)
{
    (void)state;
    token_cache_t *cache = token_cache_new ();
    identity_t known = identity (true, "k"), unknown = identity (false, ""), found;
    uint8_t right [TOKEN_HASH_BYTES] = {7}, wrong [TOKEN_HASH_BYTES] = {7};
    token_cache_keep (cache, right, 1000, &known, 0);
    for (int i = 1; i < 10000; i++) {
        wrong [1] = (uint8_t)i;
        wrong [2] = (uint8_t)(i >> 8);
        token_cache_keep (cache, wrong, 1000, &unknown, 0);
    }
    assert_true (token_cache_find (cache, right, 1001, &found));
    assert_true (found.is_known);
    token_cache_destroy (&cache);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_token_comes_as_bearer_or_as_the_password_of_basic),
        cmocka_unit_test (other_credentials_are_none),
        cmocka_unit_test (what_was_said_of_a_token_counts_for_a_while),
        cmocka_unit_test (an_answer_from_before_a_deletion_is_not_kept),
        cmocka_unit_test (a_flood_of_wrong_tokens_leaves_the_right_one),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
