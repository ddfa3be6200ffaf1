/*  plays_log – plays of the log: replay, retention, what the broker writes into it itself. */
#include "tests/sim/scenarios.h"

void
a_replay_runs_beside_live_traffic (world_t *world)
{
    subscribe (world, "S", "order=key");
    start_worker (world, "w1");
    publish_many (world, "e", 60);
    elapse (world, 10000);
    replay_subscription (world, "S", "r1");
    elapse (world, 20);
    publish_many (world, "live", 20);
    elapse (world, 5000);
    expect_delivered_once (world, "live20", "S");
    calm (world);
    expect_delivered_once (world, "e1", "S~r1");
    expect_delivered_once (world, "e60", "S~r1");
    expect_begun_times (world, "e1", "S", 1);
}

void
a_replay_goes_on_after_a_crash (world_t *world)
{
    subscribe (world, "S", "in_flight=2");
    start_worker (world, "w1");
    publish_many (world, "e", 60);
    elapse (world, 10000);
    set_consumer (world, "S", CONSUMER_SLOW);
    replay_subscription (world, "S", "r1");
    elapse (world, 10000);
    kill_broker (world);
    start_broker (world);
    calm (world);
    expect_delivered (world, "e1", "S~r1");
    expect_delivered (world, "e60", "S~r1");
}

//  One is behind, one is paused, one has dead letters: none misses anything.
void
retention_never_takes_what_is_needed (world_t *world)
{
    subscribe (world, "slow", "in_flight=1");
    subscribe (world, "paused", "");
    subscribe (world, "failing", "attempts=1");
    set_consumer (world, "slow", CONSUMER_SLOW);
    set_consumer (world, "failing", CONSUMER_FAILS);
    pause_subscription (world, "paused");
    start_worker (world, "w1");
    for (int i = 0; i < 5; i++) {
        publish_many (world, (char [2]){(char)('a' + i), 0}, 10);
        elapse (world, 5000);
        trim_log (world, 0, false);
    }
    resume_subscription (world, "paused");
    elapse (world, 10000);
    redrive_all (world, "failing", 0);
    calm (world);
    expect_delivered (world, "a1", "slow");
    expect_delivered (world, "a1", "paused");
    expect_delivered (world, "e10", "slow");
}

//  What is skipped is skipped; what comes after the limit is not.
void
the_hard_limit_takes_it_all_the_same (world_t *world)
{
    subscribe (world, "S", "");
    pause_subscription (world, "S");
    elapse (world, 1000);
    start_worker (world, "w1");
    publish_many (world, "e", 40);
    elapse (world, 5000);
    trim_log (world, 0, true);
    elapse (world, 1000);
    publish_many (world, "f", 5);
    resume_subscription (world, "S");
    calm (world);
    expect_delivered_once (world, "f1", "S");
    expect_delivered_once (world, "f5", "S");
    expect_begins_between (world, "S", 5, 20);
}

//  A letter about a letter would never end.
void
the_broker_tells_of_itself_but_not_in_a_circle (world_t *world)
{
    let_broker_tell (world);
    subscribe (world, "S", "attempts=1 type=a");
    subscribe (world, "told", "attempts=1 type=tocsin.**");
    set_consumer (world, "S", CONSUMER_FAILS);
    set_consumer (world, "told", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish_many (world, "e", 3);
    elapse (world, 60000);
    //  three letters; a worker, pausing and the like are told as well
    expect_begins_between (world, "told", 4, 12);
    calm (world);
}

//  It expired while the broker was down.
void
a_subscription_that_expired_is_gone_and_the_start_goes_on (world_t *world)
{
    subscribe (world, "S", "expires=20000");
    subscribe (world, "other", "");
    start_worker (world, "w1");
    publish (world, "e1", "k");
    elapse (world, 5000);
    kill_broker (world);
    elapse (world, 30000);
    start_broker (world);
    publish (world, "e2", "k");
    calm (world);
    expect_delivered_once (world, "e1", "S");
    expect_begun_times (world, "e2", "S", 0);
    expect_delivered_once (world, "e2", "other");
}
