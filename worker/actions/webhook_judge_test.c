#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/actions/webhook_state.h"

static webhook_target_t target = {.is_final = {[4] = true, [8] = true, [22] = true, [100] = true}};

static settlement_t
judged (int status, const char *retry_after, const char *words)
{
    ending_t end = {0};
    webhook_judge (status, retry_after, "https://new.example/", &target, 1000, &end);
    assert_int_equal (end.settlement.http_status, status);
    assert_string_equal (end.error, words);
    return end.settlement;
}

static void
two_hundreds_are_ok (void **state)
{
    (void)state;
    assert_int_equal (judged (200, NULL, "").outcome, OUTCOME_OK);
    assert_int_equal (judged (202, NULL, "").outcome, OUTCOME_OK);
    assert_int_equal (judged (299, NULL, "").outcome, OUTCOME_OK);
}

static void
redirects_are_not_followed (void **state)
{
    (void)state;
    assert_int_equal (judged (301, NULL,
                              "answered 301 to https://new.example/: redirects are not followed, "
                              "give the subscription the new URL")
                          .outcome,
                      OUTCOME_RETRY);
}

static void
gone_disables (void **state)
{
    (void)state;
    settlement_t settlement = judged (410, NULL, "answered 410: the consumer wants no more");
    assert_int_equal (settlement.outcome, OUTCOME_FAIL);
    assert_true (settlement.disables);
}

static void
too_many_and_unavailable_say_when (void **state)
{
    (void)state;
    settlement_t settlement = judged (429, "2", "answered 429, Retry-After: 2");
    assert_int_equal (settlement.outcome, OUTCOME_RETRY);
    assert_int_equal (settlement.retry_after_ms, 2000);
    assert_int_equal (judged (503, "3", "answered 503, Retry-After: 3").retry_after_ms, 3000);
    assert_int_equal (judged (503, "soon", "answered 503").retry_after_ms, 0);
    assert_int_equal (judged (503, NULL, "answered 503").retry_after_ms, 0);
}

static void
others_do_not (void **state)
{
    (void)state;
    assert_int_equal (judged (502, "3", "answered 502").retry_after_ms, 0);
}

static void
what_the_subscription_calls_final_fails (void **state)
{
    (void)state;
    assert_int_equal (
        judged (404, NULL, "answered 404, which is final for this subscription").outcome,
        OUTCOME_FAIL);
    assert_int_equal (
        judged (500, NULL, "answered 500, which is final for this subscription").outcome,
        OUTCOME_FAIL);
    assert_int_equal (judged (400, NULL, "answered 400").outcome, OUTCOME_RETRY);
}

static void
a_moment_is_never_final (void **state)
{
    (void)state;
    assert_int_equal (judged (408, NULL, "answered 408").outcome, OUTCOME_RETRY);
    assert_int_equal (judged (425, NULL, "answered 425").outcome, OUTCOME_RETRY);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (two_hundreds_are_ok),
        cmocka_unit_test (redirects_are_not_followed),
        cmocka_unit_test (gone_disables),
        cmocka_unit_test (too_many_and_unavailable_say_when),
        cmocka_unit_test (others_do_not),
        cmocka_unit_test (what_the_subscription_calls_final_fails),
        cmocka_unit_test (a_moment_is_never_final),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
