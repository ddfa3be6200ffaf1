/*  plays_letters – plays of dead letters: how they die, and come back. */
#include "tests/sim/scenarios.h"

//  Three of a key are dead; redriven, they go one at a time, beside those that came meanwhile.
void
a_redriven_letter_keeps_its_keys_order (world_t *world)
{
    subscribe (world, "S", "order=key attempts=2 least=1 most=50");
    set_consumer (world, "S", CONSUMER_FAILS);
    start_worker (world, "w1");
    start_worker (world, "w2");
    publish (world, "e1", "k");
    publish (world, "e2", "k");
    publish (world, "e3", "k");
    elapse (world, 5000);
    expect_dead_because (world, "e1", "S", REASON_USED_UP);
    expect_dead_because (world, "e3", "S", REASON_USED_UP);
    set_consumer (world, "S", CONSUMER_SLOW);
    publish (world, "e4", "k");
    publish (world, "e5", "k");
    redrive_all (world, "S", 1000);
    elapse (world, 40000);
    redrive_all (world, "S", 1000);  //  those for which there was no room
    calm (world);
    expect_delivered_once (world, "e4", "S");
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e3", "S");
}

void
redriven_letters_survive_a_crash (world_t *world)
{
    subscribe (world, "S", "order=key attempts=2 least=1 most=50");
    set_consumer (world, "S", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    publish (world, "e2", "k");
    elapse (world, 5000);
    set_consumer (world, "S", CONSUMER_SLOW);
    redrive_all (world, "S", 0);
    elapse (world, world_number (world, 100));
    kill_broker (world);
    start_broker (world);
    elapse (world, 20000);
    redrive_all (world, "S", 0);  //  those that the crash left dead
    calm (world);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e2", "S");
}

void
a_discarded_letter_never_comes_back (world_t *world)
{
    subscribe (world, "S", "attempts=1");
    set_consumer (world, "S", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    elapse (world, 5000);
    expect_dead (world, "e1", "S");
    discard_all (world, "S");
    elapse (world, 1000);
    redrive_all (world, "S", 0);
    set_consumer (world, "S", CONSUMER_WELL);
    calm (world);
    expect_begun_times (world, "e1", "S", 1);
}

//  One that is under way and one that waits: neither is tried again, whatever becomes of the broker, until
//  somebody redrives it; and the others of their key go on.
void
what_is_cancelled_is_tried_no_more_until_it_is_redriven (world_t *world)
{
    subscribe (world, "S", "order=key least=1 most=50");
    set_consumer (world, "S", CONSUMER_SILENT);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    publish (world, "e2", "k");
    publish (world, "e3", "k");
    elapse (world, 100);
    cancel_some (world, "S", 1, 3);
    cancel_some (world, "S", 0, 3);
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 1000);
    kill_broker (world);
    start_broker (world);
    elapse (world, 60000);
    expect_dead_because (world, "e1", "S", REASON_CANCELLED);
    expect_dead_because (world, "e2", "S", REASON_CANCELLED);
    expect_begun_times (world, "e2", "S", 0);
    expect_delivered (world, "e3", "S");
    redrive_all (world, "S", 0);
    calm (world);
    expect_delivered (world, "e1", "S");
    expect_delivered_once (world, "e2", "S");
}

//  Worker after worker dies over it, and over it alone: its neighbours arrive.
void
a_poison_event_dies_alone (world_t *world)
{
    subscribe (world, "S", "in_flight=8");
    set_consumer (world, "S", CONSUMER_MURDERS);
    start_worker (world, "w1");
    start_worker (world, "w2");
    publish_many (world, "e", 10);
    publish (world, "poison", "p");
    publish_many (world, "f", 10);
    elapse (world, 120000);
    expect_dead_because (world, "poison", "S", REASON_POISON);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e10", "S");
    expect_delivered (world, "f10", "S");
    calm (world);
}

void
a_refusal_is_final (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_REFUSES);
    start_worker (world, "w1");
    publish_many (world, "e", 10);
    publish (world, "refused", "r");
    elapse (world, 10000);
    expect_dead_because (world, "refused", "S", REASON_FINAL);
    expect_begun_times (world, "refused", "S", 1);
    expect_delivered_once (world, "e10", "S");
    calm (world);
}

void
what_has_nothing_to_do_ends_once (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SKIPS);
    start_worker (world, "w1");
    publish_many (world, "e", 10);
    publish (world, "nothing", "r");
    elapse (world, 10000);
    expect_begun_times (world, "nothing", "S", 1);
    expect_delivered_once (world, "e10", "S");
    calm (world);
}

//  The worker lives all the while, and its line breaks again and again: what it is at work on is not
//  suspect for that.
void
a_bad_line_makes_no_poison (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SILENT);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    for (int i = 0; i < 6; i++) {
        elapse (world, 2500);
        break_connections (world);
    }
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 60000);
    expect_delivered (world, "e1", "S");
    calm (world);
}
