#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/owned.h"
#include "worker/actions/signer.h"

//  From the tests of the libraries of Standard Webhooks (standard-webhooks/standard-webhooks,
//  libraries/*/tests) and of Svix (svix/svix-webhooks, server/svix-server/src/worker.rs); the last
//  two, with secrets that fill no whole number of bytes, were derived from those by HMAC.
static const struct {
    const char *secret, *id;
    int64_t timestamp_s;
    const char *body, *signature;
} vectors [] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
     "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
     "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="},
    {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     "{\"test\": 2432232314}", "v1,LVOXivKoo4FWasi/IaHvzhE/u+7/cu2AME+zS/nXqzk="},
    {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     "{\"test\": 2432232314}", "v1,yK2tMbA6BHPrMEJ1lLv7UlJJbgFoqGenJkiajZ29evg="},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static signer_t *
signer_of (const char *first, const char *second)
{
    const char *secrets [] = {first, second};
    problem_t problem = {0};
    return signer_new (secrets, second ? 2 : 1, &problem);
}

static void
assert_signs (signer_t *signer, int i, const char *expected)
{
    char text [SIGNATURE_SIZE];
    signer_sign (signer, vectors [i].id, vectors [i].timestamp_s, vectors [i].body,
                 strlen (vectors [i].body), text);
    assert_string_equal (text, expected);
}

static void
signatures_are_those_that_other_libraries_make (void **state)
{
    (void)state;
    for (int i = 0; i < VECTORS; i++) {
        OWNED (signer) signer_t *signer = signer_of (vectors [i].secret, NULL);
        assert_signs (signer, i, vectors [i].signature);
    }
}

static void
a_signer_signs_again_and_again (void **state)
{
    (void)state;
    OWNED (signer) signer_t *signer = signer_of (vectors [0].secret, NULL);
    for (int i = 0; i < 3; i++)
        assert_signs (signer, 0, vectors [0].signature);
}

static void
while_a_secret_rotates_there_are_two_signatures (void **state)
{
    (void)state;
    OWNED (signer) signer_t *signer = signer_of (vectors [2].secret, vectors [0].secret);
    char both [SIGNATURE_SIZE];
    snprintf (both, sizeof both, "%s %s", vectors [2].signature, vectors [0].signature);
    assert_signs (signer, 0, both);
}

static void
an_empty_body_is_signed_too (void **state)
{
    (void)state;
    OWNED (signer) signer_t *signer = signer_of (vectors [0].secret, NULL);
    char text [SIGNATURE_SIZE];
    signer_sign (signer, "e", 1, "", 0, text);
    assert_int_equal (strlen (text), 47);
}

static void
what_is_no_base64_is_no_secret (void **state)
{
    (void)state;
    static const char *const secrets [] = {
        "",
        "whsec_",
        "whsec_!!!!",
        "whsec_MfKQ=r8G",
        "whsec_A",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjUPD8ILPZI",
        NULL};
    for (const char *const *secret = secrets; *secret; secret++) {
        problem_t problem = {0};
        assert_null (signer_new (secret, 1, &problem));
        assert_string_equal (problem.name, "deliver.secret");
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (signatures_are_those_that_other_libraries_make),
        cmocka_unit_test (a_signer_signs_again_and_again),
        cmocka_unit_test (while_a_secret_rotates_there_are_two_signatures),
        cmocka_unit_test (an_empty_body_is_signed_too),
        cmocka_unit_test (what_is_no_base64_is_no_secret),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
