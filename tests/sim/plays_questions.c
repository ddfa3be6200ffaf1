/*  plays_questions – plays of questions: what is asked is decided once, in time, and never stored. */
#include "tests/sim/scenarios.h"

void
questions_are_decided_by_the_rule (world_t *world)
{
    subscribe (world, "Q1", "phase=pre");
    subscribe (world, "Q2", "phase=pre silence=deny");
    subscribe (world, "Q3", "phase=pre within=300");
    subscribe (world, "S", "in_flight=4");
    start_worker (world, "w1");
    publish_many (world, "e", 40);
    for (int i = 0; i < 20; i++) {
        put_questions (world, 5);
        elapse (world, 400);
    }
    calm (world);
    expect_decided (world, 5, 20);
}

void
whoever_dies_meanwhile_a_question_is_decided_in_time (world_t *world)
{
    subscribe (world, "Q1", "phase=pre silence=deny");
    subscribe (world, "Q2", "phase=pre");
    set_consumer (world, "Q1", CONSUMER_SLOW);
    start_worker (world, "w1");
    start_worker (world, "w2");
    for (int i = 0; i < 10; i++) {
        put_questions (world, 3);
        elapse (world, 30);
        kill_worker (world, "w1");
        elapse (world, 100);
        start_worker (world, "w1");
        break_connections (world);
        elapse (world, 1500);
    }
    freeze_worker (world, "w2", 9000);
    put_questions (world, 3);
    elapse (world, 2000);
    calm (world);
    expect_decided (world, 0, 10);
}

void
a_broker_that_dies_forgets_what_it_was_asked (world_t *world)
{
    subscribe (world, "Q1", "phase=pre silence=deny");
    set_consumer (world, "Q1", CONSUMER_SILENT);
    start_worker (world, "w1");
    put_questions (world, 4);
    elapse (world, 20);
    kill_broker (world);
    start_broker (world);
    elapse (world, 3000);
    freeze_broker (world, 5000);
    elapse (world, 6000);
    put_questions (world, 4);
    elapse (world, 2000);
    calm (world);
    expect_decided (world, 0, 4);
}
