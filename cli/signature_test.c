#include "cli/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

//  Made by Python's hmac.
static const char secret [] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char id [] = "msg_p5jXN8AQM9LUM0D4loKWxJek";
static const char timestamp [] = "1614265330";
static const char body [] = "{\"test\": 2432232314}";
#define SIGNATURE "v1,qz4/qQK6ZZERTcleGqUwvqdgYMoS7wEuMxeV15aFeKg="

static bool
is_valid (const char *signatures)
{
    return signature_is_valid (secret, id, timestamp, body, strlen (body), signatures);
}

static void
a_right_signature_is_valid_alone_and_among_others (void **state)
{
    (void)state;
    assert_true (is_valid (SIGNATURE));
    assert_true (is_valid ("v1,AAAA v2,xyz  " SIGNATURE));
    assert_true (is_valid (SIGNATURE " v1a,AAAA"));
}

static void
everything_else_is_not (void **state)
{
    (void)state;
    assert_false (is_valid (""));
    assert_false (is_valid ("v1,"));
    assert_false (is_valid ("v2" SIGNATURE));
    assert_false (is_valid ("v1,qz4/qQK6ZZERTcleGqUwvqdgYMoS7wEuMxeV15aFeKk="));
    assert_false (is_valid ("v1,qz4/qQK6ZZERTcleGqUwvqdgYMoS7wEuMxeV15aFeKgAAAA="));
    assert_false (signature_is_valid (secret, id, timestamp, "{}", 2, SIGNATURE));
    assert_false (signature_is_valid (secret, id, "1614265331", body, strlen (body), SIGNATURE));
    assert_false (signature_is_valid (secret, "x", timestamp, body, strlen (body), SIGNATURE));
    assert_false (signature_is_valid ("MfKQ", id, timestamp, body, strlen (body), SIGNATURE));
    assert_false (signature_is_valid ("whsec_!", id, timestamp, body, strlen (body), SIGNATURE));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_right_signature_is_valid_alone_and_among_others),
        cmocka_unit_test (everything_else_is_not),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
