/*  plays_results – plays of what comes of an action: as an event, and to whom it is told. */
#include "tests/sim/scenarios.h"

//  Whatever dies between the action and the disk: each event gives one, as the model sees in calm.
void
what_comes_of_an_action_comes_once (world_t *world)
{
    subscribe (world, "S", "action=exec nowhere type=a emit=c in_flight=20");
    subscribe (world, "T", "type=c order=key");
    set_consumer (world, "S", CONSUMER_FLAPS);
    start_worker (world, "w1");
    publish_many (world, "e", 30);
    elapse (world, 10);
    kill_broker (world);
    start_broker (world);
    elapse (world, 2000);
    kill_worker (world, "w1");
    start_worker (world, "w1");
    spoil_next_commit (world, true);
    publish_many (world, "f", 30);
    elapse (world, 10);
    kill_broker (world);
    elapse (world, 3000);
    calm (world);
}

//  The consumer of the results is away for an hour; each action is done once all the same.
void
no_action_is_done_again_for_a_consumer_of_results (world_t *world)
{
    subscribe (world, "S", "action=exec type=a in_flight=4");
    set_consumer (world, "S~results", CONSUMER_DOWN);
    start_worker (world, "w1");
    publish_many (world, "e", 40);
    elapse (world, 60000);
    expect_begins_between (world, "S", 40, 40);
    set_consumer (world, "S~results", CONSUMER_WELL);
    calm (world);
    expect_begins_between (world, "S", 40, 40);
    expect_delivered_once (world, "e17", "S");
}

//  Two that make work for one another, and for themselves.
void
a_loop_of_actions_ends (world_t *world)
{
    subscribe (world, "S", "action=exec nowhere type=a emit=b");
    subscribe (world, "T", "action=exec nowhere type=b emit=a");
    start_worker (world, "w1");
    publish (world, "e1", "k");
    calm (world);
    expect_begins_between (world, "S", 1, 2);
    expect_begins_between (world, "T", 0, 2);
}

//  Where nothing more fits in, outcomes still do: the action is done again when there is room.
void
no_result_is_lost_for_want_of_room (world_t *world)
{
    subscribe (world, "S", "action=exec type=a emit=c in_flight=8");
    subscribe (world, "other", "in_flight=4");
    set_consumer (world, "S", CONSUMER_SLOW);
    start_worker (world, "w1");
    publish_many (world, "e", 20);
    elapse (world, 500);
    fill_disk (world, 20000);
    elapse (world, 15000);
    expect_delivered (world, "e20", "other");
    calm (world);
}

//  A replay does its actions anew, and what comes of them goes where the others went.
void
a_replay_makes_results_of_its_own (world_t *world)
{
    subscribe (world, "S", "action=exec type=a");
    start_worker (world, "w1");
    publish_many (world, "e", 12);
    elapse (world, 5000);
    replay_subscription (world, "S", "r1");
    elapse (world, 200);
    kill_broker (world);
    start_broker (world);
    calm (world);
    expect_delivered (world, "e3", "S~r1");
}
