/*  plays_feed – plays of broadcast: whatever breaks, every listener has the log, in its order, without a
 *  gap. What each performs is judged as it happens (listener_actor.c). The feed loses an eighth of what
 *  it tells, and repeats a tenth.
 */
#include "tests/sim/scenarios.h"

#include <stdio.h>

static void
publish_mixed (world_t *world, int round, int count)
{
    for (int i = 0; i < count; i++) {
        char name [32], key [8];
        snprintf (name, sizeof name, "%s%d-%d", i % 3 == 0 ? "b-" : "a", round, i);
        snprintf (key, sizeof key, "k%d", i % 5);
        publish (world, name, key);
    }
}

void
every_listener_has_every_event (world_t *world)
{
    broadcast (world, "B");
    start_listener (world, "l1");
    start_listener (world, "l2");
    elapse (world, 3000);
    publish_mixed (world, 0, 60);
    elapse (world, 1000);
    publish_mixed (world, 1, 60);
    calm (world);
    expect_all_heard (world, "l1");
    expect_all_heard (world, "l2");
}

void
a_listener_that_was_away_goes_on_where_it_was (world_t *world)
{
    broadcast (world, "B");
    start_listener (world, "l1");
    elapse (world, 3000);
    publish_mixed (world, 0, 30);
    elapse (world, 2000);
    kill_listener (world, "l1");
    publish_mixed (world, 1, 200);
    elapse (world, 5000);
    start_listener (world, "l1");
    publish_mixed (world, 2, 30);
    calm (world);
    expect_all_heard (world, "l1");
}

//  Each of these in an order that the seed draws, for as long as it takes.
void
listeners_brokers_and_connections_die_and_nothing_is_missed (world_t *world)
{
    static const char *const listeners [] = {"l1", "l2", "l3"};
    broadcast (world, "B");
    start_worker (world, "w1");
    for (int i = 0; i < 3; i++)
        start_listener (world, listeners [i]);
    elapse (world, 3000);
    for (int round = 0; round < 30; round++) {
        const char *listener = listeners [world_number (world, 3)];
        publish_mixed (world, round, (int)world_number (world, 20));
        elapse (world, world_number (world, 1500));
        switch (world_number (world, 7)) {
            case 0: kill_listener (world, listener); break;
            case 1: start_listener (world, listener); break;
            case 2: kill_broker (world); break;
            case 3: start_broker (world); break;
            case 4: break_connections (world); break;
            case 5: spoil_next_commit (world, world_number (world, 2) == 0); break;
            case 6: freeze_broker (world, world_number (world, 5000)); break;
        }
    }
    calm (world);
    for (int i = 0; i < 3; i++)
        expect_all_heard (world, listeners [i]);
}
