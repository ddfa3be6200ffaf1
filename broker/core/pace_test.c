#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/pace.h"

static const subscription_t free_one = {
    .in_flight_most = 64, .adapts = true, .burst = 1, .retry = {.timeout_ms = 15000}};

//  So many attempts under a full cap, each of that outcome.
static void
settle_many (pace_t *self, int count, int32_t http_status, int64_t duration_ms, int64_t *now_ms)
{
    settle_t settle = {.outcome = http_status == 200 ? OUTCOME_OK : OUTCOME_RETRY,
                       .http_status = http_status,
                       .duration_ms = duration_ms};
    for (int i = 0; i < count; i++) {
        *now_ms += 10;
        pace_settled (self, &free_one, &settle, pace_cap (self, &free_one), *now_ms);
    }
}

static void
success_under_a_full_cap_raises_it_to_the_most (void **state)
{
    (void)state;
    pace_t pace;
    int64_t now_ms = 0;
    pace_begin (&pace, &free_one, now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 16);
    settle_many (&pace, 200, 200, 5, &now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 64);
}

static void
a_cap_that_is_not_used_does_not_rise (void **state)
{
    (void)state;
    pace_t pace;
    pace_begin (&pace, &free_one, 0);
    settle_t settle = {.outcome = OUTCOME_OK, .http_status = 200, .duration_ms = 5};
    for (int i = 0; i < 100; i++)
        pace_settled (&pace, &free_one, &settle, 3, i);
    assert_int_equal (pace_cap (&pace, &free_one), 16);
}

static void
a_429_halves_it_once_in_a_while_and_never_below_one (void **state)
{
    (void)state;
    pace_t pace;
    int64_t now_ms = 1000;
    pace_begin (&pace, &free_one, 0);
    settle_many (&pace, 1, 429, 5, &now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 8);
    settle_many (&pace, 5, 503, 5, &now_ms);  //  of the same burst
    assert_int_equal (pace_cap (&pace, &free_one), 8);
    settle_many (&pace, 200, 429, 5, &now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 1);
    settle_many (&pace, 30, 200, 5, &now_ms);
    assert_true (pace_cap (&pace, &free_one) > 4);
}

static void
answers_that_grow_slow_lower_it (void **state)
{
    (void)state;
    pace_t pace;
    int64_t now_ms = 0;
    pace_begin (&pace, &free_one, now_ms);
    settle_many (&pace, 200, 200, 20, &now_ms);
    int32_t before = pace_cap (&pace, &free_one);
    settle_many (&pace, 200, 200, 400, &now_ms);
    assert_true (pace_cap (&pace, &free_one) < before);
    assert_true (pace_cap (&pace, &free_one) >= 4);
}

static void
after_an_outage_it_begins_with_one (void **state)
{
    (void)state;
    pace_t pace;
    int64_t now_ms = 0;
    pace_begin (&pace, &free_one, now_ms);
    settle_many (&pace, 200, 200, 5, &now_ms);
    pace_begin_slowly (&pace);
    assert_int_equal (pace_cap (&pace, &free_one), 1);
    settle_many (&pace, 31, 200, 5, &now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 32);  //  quickly up to half of what it bore
    settle_many (&pace, 10, 200, 5, &now_ms);
    assert_int_equal (pace_cap (&pace, &free_one), 32);  //  slowly from there
}

static void
one_that_does_not_adapt_keeps_its_most (void **state)
{
    (void)state;
    subscription_t fixed = free_one;
    fixed.adapts = false;
    pace_t pace;
    pace_begin (&pace, &fixed, 0);
    settle_t settle = {.outcome = OUTCOME_RETRY, .http_status = 429};
    pace_settled (&pace, &fixed, &settle, 64, 5000);
    assert_int_equal (pace_cap (&pace, &fixed), 64);
}

static void
a_bucket_fills_at_its_rate_up_to_its_burst (void **state)
{
    (void)state;
    subscription_t slow = free_one;
    slow.rate_per_second = 0.5;
    slow.burst = 2;
    pace_t pace;
    pace_begin (&pace, &slow, 0);
    for (int i = 0; i < 2; i++) {
        assert_true (pace_next_ms (&pace, &slow, 0) <= 0);
        pace_sent (&pace, &slow);
    }
    assert_in_range (pace_next_ms (&pace, &slow, 0), 2000, 2001);
    assert_in_range (pace_next_ms (&pace, &slow, 1000), 2000, 2001);
    assert_true (pace_next_ms (&pace, &slow, 2001) <= 2001);
    pace_sent (&pace, &slow);
    assert_true (pace_next_ms (&pace, &slow, 1000000) <= 1000000);  //  two, not five hundred
    pace_sent (&pace, &slow);
    pace_sent (&pace, &slow);
    assert_true (pace_next_ms (&pace, &slow, 1000000) > 1000000);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (success_under_a_full_cap_raises_it_to_the_most),
        cmocka_unit_test (a_cap_that_is_not_used_does_not_rise),
        cmocka_unit_test (a_429_halves_it_once_in_a_while_and_never_below_one),
        cmocka_unit_test (answers_that_grow_slow_lower_it),
        cmocka_unit_test (after_an_outage_it_begins_with_one),
        cmocka_unit_test (one_that_does_not_adapt_keeps_its_most),
        cmocka_unit_test (a_bucket_fills_at_its_rate_up_to_its_burst),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
