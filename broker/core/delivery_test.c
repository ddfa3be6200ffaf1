#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/delivery.h"

static void
each_move_of_the_table_is_made_and_no_other (void **state)
{
    (void)state;
    int moves = 0;
#define MOVE(from, through, to) moves++;
#define DELIVERY_NONE           DELIVERY_NOT_MATCHED
#include "broker/core/delivery.tbl"
    int possible = 0;
    for (int from = 0; from <= DELIVERY_SKIPPED; from++)
        for (int through = 0; through < THROUGHS; through++)
            possible +=
                delivery_after ((delivery_state_t)from, (through_t)through) != DELIVERY_NOT_MATCHED;
    assert_int_equal (possible, moves);
#define MOVE(from, through, to) \
    assert_int_equal (delivery_after (DELIVERY_##from, THROUGH_##through), DELIVERY_##to);
#include "broker/core/delivery.tbl"
}

static void
what_has_ended_stays_so (void **state)
{
    (void)state;
    const delivery_state_t ends [] = {DELIVERY_DELIVERED, DELIVERY_DEAD, DELIVERY_SKIPPED};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (int through = 0; through < THROUGHS; through++)
            assert_int_equal (delivery_after (ends [i], (through_t)through), DELIVERY_NOT_MATCHED);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (each_move_of_the_table_is_made_and_no_other),
        cmocka_unit_test (what_has_ended_stays_so),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
