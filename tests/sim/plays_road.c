/*  plays_road – plays of the road of an event, and of what breaks on it. */
#include "tests/sim/scenarios.h"

//  Promise 1, in calm weather: everything arrives, once.
void
everything_arrives_once (world_t *world)
{
    subscribe (world, "S", "");
    start_worker (world, "w1");
    publish_many (world, "e", 40);
    calm (world);
    expect_delivered_once (world, "e1", "S");
    expect_delivered_once (world, "e40", "S");
}

//  Promise 8: a worker that dies gives its leases back.
void
a_worker_that_dies_gives_its_leases_back (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 10);
    elapse (world, 300);
    kill_worker (world, "w1");
    set_consumer (world, "S", CONSUMER_WELL);
    start_worker (world, "w2");
    elapse (world, 20000);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e10", "S");
    calm (world);
}

//  It finishes what it has, and is idle, even when it joins anew; another has the rest.
void
a_drained_worker_gets_nothing_and_loses_nothing (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 4);
    elapse (world, 300);
    drain_worker (world, "w1");
    publish_many (world, "f", 10);
    elapse (world, 20000);
    expect_delivered_once (world, "e4", "S");
    expect_begun_times (world, "f1", "S", 0);
    kill_worker (world, "w1");
    start_worker (world, "w1");
    elapse (world, 5000);
    expect_begun_times (world, "f10", "S", 0);
    start_worker (world, "w2");
    elapse (world, 20000);
    expect_delivered_once (world, "f10", "S");
    undrain_worker (world, "w1");
    calm (world);
}

//  A worker that was only stopped (SIGSTOP) for longer than three heartbeats rejoins by itself.
void
a_worker_that_slept_too_long_joins_again (world_t *world)
{
    subscribe (world, "S", "");
    start_worker (world, "w1");
    elapse (world, 1000);
    freeze_worker (world, "w1", 10000);
    publish (world, "e1", "k");
    elapse (world, 30000);
    expect_delivered (world, "e1", "S");
    calm (world);
}

//  A worker stands still for so long that it has lost its session; meanwhile its consumers have answered. There
//  is nobody else to give it to, and nothing is done twice.
void
what_went_well_while_nobody_heard_it_is_not_done_again (world_t *world)
{
    subscribe (world, "S", "");
    subscribe (world, "O", "order=key");
    set_consumer (world, "S", CONSUMER_SLOW);
    set_consumer (world, "O", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 2);
    elapse (world, 300);
    freeze_worker (world, "w1", 10000);
    elapse (world, 11000);
    calm (world);
    expect_delivered_once (world, "e1", "S");
    expect_delivered_once (world, "e2", "S");
    expect_delivered_once (world, "e1", "O");
    expect_delivered_once (world, "e2", "O");
}

//  Promise 9: the broker dies at any instant, alone it resumes from its store.
void
a_broker_that_is_killed_loses_nothing (world_t *world)
{
    subscribe (world, "S", "");
    start_worker (world, "w1");
    for (int i = 0; i < 10; i++) {
        publish_many (world, (char [2]){(char)('a' + i), 0}, 5);
        elapse (world, world_number (world, 30));
        kill_broker (world);
        elapse (world, world_number (world, 500));
        start_broker (world);
    }
    calm (world);
}

//  Stopped for a minute (a closed lid), it declares nobody silent before it has listened.
void
a_broker_that_slept_takes_nothing_from_its_workers (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    elapse (world, 500);
    freeze_broker (world, 2000);
    elapse (world, 20000);
    expect_delivered_once (world, "e1", "S");
    calm (world);
}

//  A consumer that is down for a while gets everything in the end; its neighbour never waits.
void
a_consumer_that_is_down_delays_nobody_else (world_t *world)
{
    subscribe (world, "down", "");
    subscribe (world, "well", "");
    set_consumer (world, "down", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish_many (world, "e", 60);
    elapse (world, 5000);
    expect_delivered_once (world, "e1", "well");
    expect_delivered_once (world, "e60", "well");
    calm (world);
}

void
a_delivery_that_used_up_its_attempts_is_a_dead_letter (world_t *world)
{
    subscribe (world, "S", "attempts=3");
    set_consumer (world, "S", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    elapse (world, 60000);
    expect_dead (world, "e1", "S");
    calm (world);
}

//  Promise 7: full is an answer, and it passes.
void
a_full_disk_refuses_and_goes_on_delivering (world_t *world)
{
    subscribe (world, "S", "");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish (world, "before", "k");
    elapse (world, 100);
    fill_disk (world, 8000);
    publish (world, "during", "k");
    elapse (world, 1000);
    expect_refused (world, "during", STATUS_FULL);
    elapse (world, 5000);
    expect_delivered (world, "before", "S");
    calm (world);
}

//  Promise 5, with a consumer that fails every other time.
void
order_by_key_holds_through_retries_and_crashes (world_t *world)
{
    subscribe (world, "S", "order=key");
    set_consumer (world, "S", CONSUMER_FLAPS);
    start_worker (world, "w1");
    start_worker (world, "w2");
    for (int i = 0; i < 26; i++) {
        char name [3] = {'e', (char)('A' + i), 0};
        publish (world, name, i % 2 ? "odd" : "even");
        elapse (world, world_number (world, 400));
        if (i % 7 == 3) {
            kill_broker (world);
            start_broker (world);
        }
    }
    calm (world);
}

//  A backlog of many times what memory holds drains in order, page by page.
void
a_backlog_is_read_from_the_log (world_t *world)
{
    subscribe (world, "S", "order=key in_flight=2");
    publish_many (world, "e", 300);
    elapse (world, 20000);
    start_worker (world, "w1");
    calm (world);
    expect_delivered_once (world, "e1", "S");
    expect_delivered_once (world, "e300", "S");
}

//  Made after the fact, with start: earliest, it gets all there ever was.
void
a_late_subscription_gets_the_whole_log (world_t *world)
{
    publish_many (world, "e", 50);
    elapse (world, 5000);
    subscribe (world, "S", "earliest");
    start_worker (world, "w1");
    calm (world);
    expect_delivered_once (world, "e1", "S");
    expect_delivered_once (world, "e50", "S");
}

//  The outcome of a commit is not known: it happened, or not; clients repeat, nothing is twice.
void
an_unknown_outcome_is_settled_by_the_repeat (world_t *world)
{
    subscribe (world, "S", "");
    start_worker (world, "w1");
    for (int i = 0; i < 6; i++) {
        spoil_next_commit (world, i % 2 == 0);
        publish_many (world, (char [2]){(char)('a' + i), 0}, 4);
        elapse (world, 3000);
    }
    calm (world);
    expect_delivered (world, "a1", "S");
    expect_delivered (world, "f4", "S");
}
