#include "tests/sim/shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/allocate.h"
#include "tests/sim/state.h"

static size_t
count_of (const life_t *life, deed_kind_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < life->count; i++)
        count += life->deeds [i].kind == kind;
    return count;
}

//  A planted bug: it is taken for wrong that an event reaches anybody once the broker was killed.
static char *
live_expecting_loss (const life_t *life, uint64_t seed)
{
    world_t *world = world_new (seed, UNTOLD);
    life_live (life, world);
    for (size_t i = 0; i < world->ledger->promise_count; i++)
        for (size_t n = 0; n < world->ledger->asked_count; n++)
            if (world->ledger->promises [i]->experiences [n].oks > 0 &&
                count_of (life, DEED_KILL_BROKER) > 0)
                world_fail (world, "%s came", world->ledger->promises [i]->event->id);
    char *verdict = world_is_sound (world) ? NULL : allocate_copy (world_verdict (world));
    world_destroy (&world);
    return verdict;
}

static char *
live_well (const life_t *life, uint64_t seed)
{
    (void)life;
    (void)seed;
    return NULL;
}

//  Somebody who wants it, an event, and what goes wrong: all else is left out.
static void
a_life_that_goes_wrong_becomes_a_few_deeds (void **state)
{
    (void)state;
    enum { FEW = 4 };
    uint64_t seed = 3;
    life_t *life = life_draw (seed);
    life_t *shorter = shrink (life, &seed, live_expecting_loss);
    assert_non_null (shorter);
    char *verdict = live_expecting_loss (shorter, seed);
    assert_non_null (verdict);
    assert_true (shrink_is_same_kind (verdict, "at 1 ms: a-1 came"));
    assert_true (life->count > 100);
    assert_true (shorter->count <= FEW);
    assert_true (count_of (shorter, DEED_SUBSCRIBE) == 1);
    assert_true (count_of (shorter, DEED_KILL_BROKER) == 1);
    free (verdict);
    life_destroy (&shorter);
    life_destroy (&life);
}

static void
a_life_that_goes_well_is_none_to_shrink (void **state)
{
    (void)state;
    life_t *life = life_draw (1);
    uint64_t seed = 1;
    assert_null (shrink (life, &seed, live_well));
    life_destroy (&life);
}

static void
the_same_life_is_drawn_from_the_same_seed (void **state)
{
    (void)state;
    life_t *life = life_draw (7), *again = life_draw (7), *other = life_draw (8);
    assert_int_equal (life->count, again->count);
    assert_memory_equal (life->deeds, again->deeds, life->count * sizeof *life->deeds);
    assert_true (other->count != life->count ||
                 memcmp (other->deeds, life->deeds, life->count * sizeof *life->deeds) != 0);
    life_destroy (&other);
    life_destroy (&again);
    life_destroy (&life);
}

static void
verdicts_of_one_kind_differ_in_names_and_numbers_alone (void **state)
{
    (void)state;
    assert_true (shrink_is_same_kind ("at 5 ms: a-1 came twice", "at 17 ms: b-9 came twice"));
    assert_false (shrink_is_same_kind ("at 5 ms: a-1 came twice", "at 5 ms: a-1 never came"));
    assert_false (shrink_is_same_kind ("at 5 ms: a-1 came", "at 5 ms: a-1 came twice"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_life_that_goes_wrong_becomes_a_few_deeds),
        cmocka_unit_test (a_life_that_goes_well_is_none_to_shrink),
        cmocka_unit_test (the_same_life_is_drawn_from_the_same_seed),
        cmocka_unit_test (verdicts_of_one_kind_differ_in_names_and_numbers_alone),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
