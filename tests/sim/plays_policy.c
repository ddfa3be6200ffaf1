/*  plays_policy – plays of what a subscription asks for: breaker, rate, cap, ttl, pause. */
#include "tests/sim/scenarios.h"

//  Ten minutes of a dead consumer cost a handful of probes; then everything comes.
void
a_breaker_opens_probes_and_closes (world_t *world)
{
    subscribe (world, "S", "failures=3 probe=1000 probe_most=60000 in_flight=4");
    set_consumer (world, "S", CONSUMER_DOWN);
    start_worker (world, "w1");
    publish_many (world, "e", 20);
    elapse (world, 600000);
    expect_begins_between (world, "S", 8, 30);
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 70000);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e20", "S");
    calm (world);
}

//  The first answer after an outage lets one through, not sixty-four.
void
an_outage_drains_with_a_slow_start (world_t *world)
{
    subscribe (world, "S", "failures=3 probe=1000 probe_most=2000 in_flight=64 adaptive");
    set_consumer (world, "S", CONSUMER_DOWN);
    start_worker (world, "w1");
    start_worker (world, "w2");
    start_worker (world, "w3");
    publish_many (world, "e", 200);
    elapse (world, 60000);
    set_consumer (world, "S", CONSUMER_SLOW);
    elapse (world, 6000);
    expect_under_way_at_most (world, "S", 8);
    set_consumer (world, "S", CONSUMER_WELL);
    calm (world);
    expect_delivered (world, "e200", "S");
}

//  The watch at the broker's door sees to it that it is not faster; here, that it is no slower.
void
a_rate_holds_after_its_burst (world_t *world)
{
    subscribe (world, "S", "rate=5 burst=3 in_flight=20");
    start_worker (world, "w1");
    publish_many (world, "e", 100);
    elapse (world, 10000);
    expect_begins_between (world, "S", 45, 54);
    calm (world);
}

//  Hundreds wait for a slow one: its neighbour's event is there at once.
void
a_backlog_of_one_does_not_delay_its_neighbour (world_t *world)
{
    subscribe (world, "backlog", "type=a in_flight=4");
    subscribe (world, "neighbour", "type=b");
    set_consumer (world, "backlog", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 300);
    elapse (world, 5000);
    for (int i = 0; i < 10; i++) {
        const char name [] = {'b', '-', (char)('0' + i), '\0'};
        publish (world, name, name);
        elapse (world, 200);
        expect_delivered (world, name, "neighbour");
    }
    calm (world);
}

void
a_paused_subscription_loses_nothing (world_t *world)
{
    subscribe (world, "S", "order=key");
    start_worker (world, "w1");
    pause_subscription (world, "S");
    elapse (world, 1000);
    publish_many (world, "e", 120);
    elapse (world, 10000);
    kill_broker (world);
    start_broker (world);
    elapse (world, 10000);
    expect_begins_between (world, "S", 0, 0);
    resume_subscription (world, "S");
    elapse (world, 20000);
    expect_delivered_once (world, "e1", "S");
    expect_delivered_once (world, "e120", "S");
    calm (world);
}

void
one_that_is_gone_is_disabled_and_loses_nothing (world_t *world)
{
    subscribe (world, "S", "in_flight=1");
    set_consumer (world, "S", CONSUMER_GONE);
    start_worker (world, "w1");
    publish_many (world, "e", 5);
    elapse (world, 30000);
    expect_begins_between (world, "S", 1, 1);
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 30000);
    expect_begins_between (world, "S", 1, 1);
    resume_subscription (world, "S");
    elapse (world, 10000);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e5", "S");
    calm (world);
}

void
what_is_older_than_its_ttl_dies (world_t *world)
{
    subscribe (world, "S", "ttl=5000");
    set_consumer (world, "S", CONSUMER_FAILS);
    start_worker (world, "w1");
    publish (world, "e1", "k");
    elapse (world, 20000);
    expect_dead_because (world, "e1", "S", REASON_EXPIRED);
    set_consumer (world, "S", CONSUMER_WELL);
    publish (world, "e2", "k");
    calm (world);
    expect_delivered (world, "e2", "S");
    expect_dead_because (world, "e1", "S", REASON_EXPIRED);
}

//  All that the breaker could have probed with dies of age; what comes later is tried all the same.
void
something_to_probe_with_is_found_when_others_died (world_t *world)
{
    subscribe (world, "S", "ttl=20000 order=key failures=3 probe=1000 probe_most=8000");
    set_consumer (world, "S", CONSUMER_DOWN);
    start_worker (world, "w1");
    publish_many (world, "e", 12);
    for (int i = 0; i < 8; i++) {
        elapse (world, 4000);
        publish (world, (char [3]){'f', (char)('0' + i), 0}, (char [2]){(char)('a' + i % 3), 0});
    }
    elapse (world, 15000);
    set_consumer (world, "S", CONSUMER_WELL);
    elapse (world, 20000);
    publish (world, "last", "z");
    elapse (world, 10000);
    expect_delivered (world, "last", "S");
    calm (world);
}

void
a_consumer_that_is_busy_is_left_alone_as_long_as_it_asks (world_t *world)
{
    subscribe (world, "S", "attempts=50");
    set_consumer (world, "S", CONSUMER_BUSY);
    start_worker (world, "w1");
    publish_many (world, "e", 20);
    elapse (world, 200000);
    expect_delivered (world, "e1", "S");
    expect_delivered (world, "e20", "S");
    calm (world);
}
