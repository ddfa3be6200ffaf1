//  manners_test – from when on one is not heard, for how long, and how much is remembered.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/owned.h"
#include "proto/wire/manners.h"

enum { MOST = 100, NOW_MS = 1000000 };

static judgement_t
blame (manners_t *manners, const char *who, int64_t now_ms)
{
    return manners_blame (manners, who, strlen (who), now_ms);
}

static bool
shuns (manners_t *manners, const char *who, int64_t now_ms)
{
    return manners_shuns (manners, who, strlen (who), now_ms);
}

static void
rage (manners_t *manners, const char *who, int count, int64_t now_ms)
{
    for (int i = 0; i < count; i++)
        blame (manners, who, now_ms);
}

static void
the_hundredth_bad_message_of_a_window_is_one_too_many (void **state)
{
    (void)state;
    OWNED (manners) manners_t *manners = manners_new (MOST);
    rage (manners, "rogue", MOST - 1, NOW_MS);
    assert_false (shuns (manners, "rogue", NOW_MS + 1));
    assert_int_equal (blame (manners, "rogue", NOW_MS + MANNERS_WINDOW_MS - 1), MANNERS_SHUN);
    assert_true (shuns (manners, "rogue", NOW_MS + MANNERS_WINDOW_MS - 1));
    assert_false (shuns (manners, "another", NOW_MS + MANNERS_WINDOW_MS - 1));
}

static void
who_is_clumsy_now_and_then_is_heard_for_ever (void **state)
{
    (void)state;
    OWNED (manners) manners_t *manners = manners_new (MOST);
    for (int64_t window = 0; window < 50; window++)
        rage (manners, "clumsy", MOST - 1, NOW_MS + window * MANNERS_WINDOW_MS);
    assert_false (shuns (manners, "clumsy", NOW_MS + 49 * MANNERS_WINDOW_MS));
}

static void
who_is_shunned_is_heard_again_after_a_while_and_begins_anew (void **state)
{
    (void)state;
    OWNED (manners) manners_t *manners = manners_new (MOST);
    rage (manners, "rogue", MOST, NOW_MS);
    assert_true (shuns (manners, "rogue", NOW_MS + MANNERS_SHUNNED_MS - 1));
    assert_false (shuns (manners, "rogue", NOW_MS + MANNERS_SHUNNED_MS));
    rage (manners, "rogue", MOST - 1, NOW_MS + MANNERS_SHUNNED_MS);
    assert_false (shuns (manners, "rogue", NOW_MS + MANNERS_SHUNNED_MS));
}

static void
all_are_counted_and_few_are_answered_in_a_second (void **state)
{
    (void)state;
    OWNED (manners) manners_t *manners = manners_new (MOST);
    for (int second = 0; second < 3; second++)
        for (int i = 0; i < MANNERS_ANSWERS + 5; i++)
            assert_int_equal (blame (manners, "rogue", NOW_MS + second * MANNERS_SECOND_MS + i),
                              i < MANNERS_ANSWERS ? MANNERS_ANSWER : MANNERS_SILENCE);
}

//  The one whose time is over first: not one who has been shunned just now.
static void
of_a_crowd_the_latest_are_known (void **state)
{
    (void)state;
    OWNED (manners) manners_t *manners = manners_new (2);
    rage (manners, "shunned", 2, NOW_MS);
    for (int i = 0; i < 10 * MANNERS_KNOWN; i++) {
        char who [20];
        snprintf (who, sizeof who, "%d", i);
        assert_int_equal (blame (manners, who, NOW_MS + 1 + i), MANNERS_ANSWER);
    }
    assert_true (shuns (manners, "shunned", NOW_MS + 10 * MANNERS_KNOWN));
    assert_int_equal (blame (manners, "0", NOW_MS + 10 * MANNERS_KNOWN), MANNERS_ANSWER);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_hundredth_bad_message_of_a_window_is_one_too_many),
        cmocka_unit_test (who_is_clumsy_now_and_then_is_heard_for_ever),
        cmocka_unit_test (who_is_shunned_is_heard_again_after_a_while_and_begins_anew),
        cmocka_unit_test (all_are_counted_and_few_are_answered_in_a_second),
        cmocka_unit_test (of_a_crowd_the_latest_are_known),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
