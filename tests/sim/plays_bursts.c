/*  plays_bursts – many events in one request, and bursts that become one delivery. */
#include <stdio.h>

#include "tests/sim/scenarios.h"

//  So many events of one key.
static void
publish_burst (world_t *world, const char *key, int count, int64_t pause_ms)
{
    for (int i = 1; i <= count; i++) {
        char event [32];
        snprintf (event, sizeof event, "%s-%d", key, i);
        publish (world, event, key);
        elapse (world, pause_ms);
    }
}

void
a_batch_is_under_way_when_the_broker_is_killed (world_t *world)
{
    subscribe (world, "S", "batch=20 wait=500");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    start_worker (world, "w2");
    publish_many (world, "e", 60);
    elapse (world, 1500);
    kill_broker (world);
    publish_many (world, "f", 10);
    elapse (world, 2000);
    start_broker (world);
    calm (world);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "f10", "S");
}

void
a_batch_that_its_worker_died_over_goes_again (world_t *world)
{
    subscribe (world, "S", "batch=10 wait=100 in_flight=1");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 30);
    elapse (world, 1000);
    kill_worker (world, "w1");
    elapse (world, 500);
    start_worker (world, "w2");
    freeze_worker (world, "w2", 6000);
    start_worker (world, "w3");
    elapse (world, 60000);
    calm (world);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e30", "S");
}

//  publish_many has seven keys or so: the checker watches their order.
void
a_backlog_in_batches_keeps_the_order_of_its_keys (world_t *world)
{
    subscribe (world, "S", "batch=20 wait=1000 order=key");
    pause_subscription (world, "S");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish_many (world, "e", 200);
    set_consumer (world, "S", CONSUMER_FLAPS);
    resume_subscription (world, "S");
    elapse (world, 20000);
    kill_broker (world);
    start_broker (world);
    elapse (world, 60000);
    set_consumer (world, "S", CONSUMER_WELL);
    calm (world);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e200", "S");
}

void
a_consumer_that_was_down_gets_batches (world_t *world)
{
    subscribe (world, "S", "batch=50 wait=200 failures=3 probe=1000 probe_most=2000");
    set_consumer (world, "S", CONSUMER_DOWN);
    start_worker (world, "w1");
    publish_many (world, "e", 300);
    elapse (world, 20000);
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 30000);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e300", "S");
    calm (world);
}

void
of_a_burst_only_the_latest_is_delivered (world_t *world)
{
    subscribe (world, "S", "coalesce=key window=5000");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish_burst (world, "a", 10, 100);
    publish (world, "b-1", "b");
    elapse (world, 10000);
    expect_delivered_once (world, "a-10", "S");
    expect_delivered_once (world, "b-1", "S");
    expect_begins_between (world, "S", 2, 2);
    publish_burst (world, "a2", 3, 100);
    calm (world);
    expect_begins_between (world, "S", 3, 3);
}

void
a_kill_within_the_window_loses_nothing (world_t *world)
{
    subscribe (world, "S", "coalesce=key window=4000");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish_burst (world, "a", 10, 100);
    kill_broker (world);
    elapse (world, 500);
    start_broker (world);
    elapse (world, 200);
    expect_begins_between (world, "S", 0, 0);
    publish (world, "a-11", "a");
    elapse (world, 10000);
    expect_delivered (world, "a-11", "S");
    expect_begins_between (world, "S", 1, 2);
    calm (world);
}

void
a_burst_that_was_paused_is_one_all_the_same (world_t *world)
{
    subscribe (world, "S", "coalesce=key window=5000");
    pause_subscription (world, "S");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish_burst (world, "a", 20, 50);
    publish_burst (world, "b", 20, 50);
    elapse (world, 30000);
    resume_subscription (world, "S");
    elapse (world, 10000);
    expect_delivered (world, "a-20", "S");
    expect_delivered (world, "b-20", "S");
    expect_begins_between (world, "S", 2, 14);  //  one for each that a page of the log cuts
    calm (world);
}

void
a_burst_that_is_kept_goes_as_a_whole (world_t *world)
{
    subscribe (world, "S", "coalesce=key window=3000 coalesced=all burst_most=20 in_flight=1");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish_burst (world, "a", 10, 100);
    expect_begins_between (world, "S", 0, 0);
    elapse (world, 10000);
    expect_delivered_once (world, "a-1", "S");
    expect_delivered_once (world, "a-10", "S");
    calm (world);
}

//  A window of twenty minutes: the events of others, of the same subscription too, do not wait for it.
void
what_coalesces_holds_up_nobody_else (world_t *world)
{
    subscribe (world, "S", "type=b coalesce=key window=1200000 burst_most=3 order=key");
    subscribe (world, "T", "order=key");
    start_worker (world, "w1");
    elapse (world, 1000);
    publish (world, "b-lonely", "lonely");
    publish_burst (world, "b", 3, 50);
    publish_many (world, "e", 30);
    elapse (world, 10000);
    expect_delivered_once (world, "b-3", "S");
    expect_begun_times (world, "b-lonely", "S", 0);
    expect_delivered (world, "b-lonely", "T");
    expect_delivered (world, "e30", "T");
    calm (world);
    expect_delivered (world, "b-lonely", "S");
}

void
more_groups_than_memory_holds_are_all_delivered (world_t *world)
{
    subscribe (world, "S", "coalesce=key window=600000");
    start_worker (world, "w1");
    elapse (world, 1000);
    for (int i = 0; i < 200; i++) {
        char event [32], key [32];
        snprintf (event, sizeof event, "g%d", i);
        snprintf (key, sizeof key, "key-%d", i);
        publish (world, event, key);
        elapse (world, 20);
    }
    elapse (world, 30000);
    expect_delivered (world, "g0", "S");
    calm (world);
    expect_delivered (world, "g199", "S");
}
