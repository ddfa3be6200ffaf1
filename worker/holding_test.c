#include "worker/holding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/allocate.h"

enum { SLOTS = 256 };

static uint64_t last_lease;

static int
set_up (void **state)
{
    *state = holdings_new (SLOTS);
    last_lease = 0;
    return 0;
}

static int
tear_down (void **state)
{
    holdings_t *holdings = *state;
    holdings_destroy (&holdings);
    return 0;
}

static parcel_t *
parcel_of (const message_t *message)
{
    limits_t limits = limits_default ();
    uint8_t head [2] = {WIRE_VERSION, (uint8_t)message->command};
    uint8_t *body;
    size_t size;
    message_encode (message, &body, &size);
    message_t decoded;
    problem_t problem;
    if (message_decode (&decoded, head, sizeof head, body, size, &limits, &problem))
        fail_msg ("%s", problem.text);
    free (body);
    return parcel_new (&decoded);
}

//  So many deliveries of a subscription, in batches of so many; 1: alone.
static void
arrive_in (holdings_t *holdings, const char *subscription, size_t count, size_t batch)
{
    event_t *event = event_new (
        &(event_t){.id = "e", .type = "a", .subject = "/s", .time = "2026-11-24T00:00:00Z"});
    delivery_t *deliveries = allocate (count, sizeof *deliveries);
    for (size_t i = 0; i < count; i++) {
        uint64_t lease = ++last_lease;
        deliveries [i] =
            (delivery_t){.lease = lease, .number = lease, .attempt = 1, .event = event};
        deliveries [i].batch = batch > 1 ? 1 + i / batch : 0;
    }
    target_t target = {
        .subscription = subscription, .version = 1, .deliver = "{}", .deliver_size = 2};
    parcel_t *parcel = parcel_of (&(message_t){.command = COMMAND_DELIVER,
                                               .session = 1,
                                               .targets = &target,
                                               .target_count = 1,
                                               .deliveries = deliveries,
                                               .delivery_count = count});
    for (size_t i = 0; i < count; i++)
        holdings_add (holdings, parcel, i, INT64_MAX);
    parcel_destroy (&parcel);
    free (deliveries);
    event_destroy (&event);
}

static void
arrive (holdings_t *holdings, const char *subscription, size_t count)
{
    arrive_in (holdings, subscription, count, 1);
}

static const char *
subscription_of (const holding_t *holding)
{
    return parcel_target (holding->parcel, holding->index)->subscription;
}

//  All that have a slot.
static size_t
begin_all (holdings_t *holdings)
{
    size_t count = 0;
    while (holdings_begin (holdings))
        count++;
    return count;
}

static size_t
begun_of (const holdings_t *holdings, const char *subscription)
{
    size_t count = 0;
    const holding_t *holding = holdings_first (holdings, HOLDING_BEGUN);
    for (; holding; holding = holding->next)
        count += strcmp (subscription_of (holding), subscription) == 0;
    return count;
}

//  The consumer of this subscription answers one.
static void
answer (holdings_t *holdings, const char *subscription)
{
    holding_t *holding = holdings_first (holdings, HOLDING_BEGUN);
    while (holding && strcmp (subscription_of (holding), subscription) != 0)
        holding = holding->next;
    assert_non_null (holding);
    holdings_end (holdings, holding, &(settlement_t){.outcome = OUTCOME_OK});
    holdings_drop (holdings, holding);
}

static void
one_that_is_busy_has_all_it_may_have_in_flight (void **state)
{
    holdings_t *holdings = *state;
    arrive (holdings, "busy", 64);  //  the default of limits.in_flight
    assert_int_equal (begin_all (holdings), 64);
    assert_int_equal (holdings_standing_back (holdings), 0);
}

static void
one_alone_leaves_a_quarter (void **state)
{
    holdings_t *holdings = *state;
    arrive (holdings, "slow", 1000);
    assert_int_equal (begin_all (holdings), SLOTS * 3 / 4);
    assert_int_equal (holdings_standing_back (holdings), 1000 - SLOTS * 3 / 4);
}

static void
who_comes_after_slow_ones_does_not_wait_for_them (void **state)
{
    holdings_t *holdings = *state;
    static const char *const slow [] = {"slow-1", "slow-2", "slow-3", "slow-4",
                                        "slow-5", "slow-6", "slow-7", "slow-8"};
    for (size_t i = 0; i < 8; i++) {  //  each in a quiet moment
        arrive (holdings, slow [i], 200);
        begin_all (holdings);
    }
    arrive (holdings, "quick", 200);
    size_t begun = begin_all (holdings);
    assert_true (begun >= 1);
    assert_int_equal (begun_of (holdings, "quick"), begun);
    for (int i = 0; i < 200; i++) {  //  and goes on, while they answer nothing at all
        if (begun_of (holdings, "quick") == 0)
            break;
        answer (holdings, "quick");
        begin_all (holdings);
    }
    assert_int_equal (begun_of (holdings, "quick"), 0);
    assert_true (holdings_slots_taken (holdings) < SLOTS);
}

static void
what_was_taken_in_a_quiet_moment_is_shared_as_it_comes_back (void **state)
{
    holdings_t *holdings = *state;
    arrive (holdings, "first", 2000);
    begin_all (holdings);
    arrive (holdings, "second", 2000);
    begin_all (holdings);
    assert_int_equal (begun_of (holdings, "first"), 192);
    for (int i = 0; i < 500; i++) {
        answer (holdings, i % 2 ? "first" : "second");
        begin_all (holdings);
    }
    size_t first = begun_of (holdings, "first"), second = begun_of (holdings, "second");
    assert_in_range (first, 100, 106);
    assert_in_range (second, 100, 106);
}

static void
the_last_slot_is_for_one_that_has_none (void **state)
{
    holdings_t *holdings = *state;
    char names [SLOTS + 1][16];
    for (int i = 0; i <= SLOTS; i++) {
        snprintf (names [i], sizeof names [i], "s%d", i);
        arrive (holdings, names [i], i < SLOTS - 1 ? 1 : 5);
    }
    assert_int_equal (begin_all (holdings), SLOTS);
    for (int i = 0; i < SLOTS; i++)
        assert_int_equal (begun_of (holdings, names [i]), 1);
    assert_int_equal (holdings_standing_back (holdings), 4);
    answer (holdings, names [0]);
    assert_string_equal (subscription_of (holdings_begin (holdings)), names [SLOTS]);
    answer (holdings, names [1]);
    assert_null (holdings_begin (holdings));
}

static void
few_slots_are_shared_too (void **state)
{
    (void)state;
    static const size_t alone [] = {0, 1, 1, 2, 3, 3, 4, 5, 6};  //  of so many
    for (size_t slots = 1; slots < sizeof alone / sizeof *alone; slots++) {
        holdings_t *holdings = holdings_new (slots);
        arrive (holdings, "slow", 20);
        assert_int_equal (begin_all (holdings), alone [slots]);
        holdings_destroy (&holdings);
    }
}

static void
a_slot_is_taken_until_its_cancelled_attempt_has_ended (void **state)
{
    holdings_t *holdings = *state;
    arrive (holdings, "slow", 200);
    begin_all (holdings);
    holding_t *lost = holdings_first (holdings, HOLDING_BEGUN);
    holdings_lose (holdings, lost);
    holdings_stop (holdings, lost);
    assert_null (holdings_begin (holdings));
    holdings_drop (holdings, lost);
    assert_non_null (holdings_begin (holdings));
}

static void
a_batch_takes_one_slot_until_all_of_it_has_ended (void **state)
{
    holdings_t *holdings = *state;
    arrive_in (holdings, "bulk", 200, 100);
    assert_int_equal (begin_all (holdings), 2);
    assert_int_equal (holdings_slots_taken (holdings), 2);
    assert_int_equal (holdings_count (holdings, HOLDING_BEGUN), 200);
    for (size_t i = 0; i < 99; i++)
        answer (holdings, "bulk");
    assert_int_equal (holdings_slots_taken (holdings), 2);
    answer (holdings, "bulk");
    assert_int_equal (holdings_slots_taken (holdings), 1);
    for (size_t i = 0; i < 100; i++)
        answer (holdings, "bulk");
    assert_int_equal (holdings_slots_taken (holdings), 0);
}

static void
those_of_a_batch_know_one_another (void **state)
{
    holdings_t *holdings = *state;
    arrive_in (holdings, "bulk", 3, 3);
    arrive (holdings, "alone", 1);
    holding_t *first = holdings_begin (holdings);
    holding_t *const *members;
    const delivery_t *const *deliveries;
    assert_int_equal (holdings_batch (first, &members, &deliveries), 3);
    assert_ptr_equal (members [0], first);
    assert_int_equal (deliveries [2]->lease, first->lease + 2);
    holding_t *alone = holdings_begin (holdings);
    assert_int_equal (holdings_batch (alone, &members, &deliveries), 1);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)
    const struct CMUnitTest tests [] = {
        TEST (one_that_is_busy_has_all_it_may_have_in_flight),
        TEST (one_alone_leaves_a_quarter),
        TEST (who_comes_after_slow_ones_does_not_wait_for_them),
        TEST (what_was_taken_in_a_quiet_moment_is_shared_as_it_comes_back),
        TEST (the_last_slot_is_for_one_that_has_none),
        TEST (few_slots_are_shared_too),
        TEST (a_slot_is_taken_until_its_cancelled_attempt_has_ended),
        TEST (a_batch_takes_one_slot_until_all_of_it_has_ended),
        TEST (those_of_a_batch_know_one_another),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
