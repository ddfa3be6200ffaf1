#include "broker/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "proto/model/owned.h"

enum { PARTITIONS = 2 };

typedef struct {
    store_t *store;
    commit_t *commit;
    commit_outcome_t outcome;
    event_t *events [16];
    size_t event_count;
    progress_t progresses [16];
    change_t changes [16];
    size_t change_count;
} world_t;

static int
set_up (void **state)
{
    static const int64_t last_seqs [PARTITIONS] = {0};
    world_t *world = test_calloc (1, sizeof *world);
    world->store = memory_store_new (PARTITIONS);
    world->commit = commit_new (world->store, last_seqs, PARTITIONS);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    for (size_t i = 0; i < world->event_count; i++)
        event_destroy (&world->events [i]);
    commit_destroy (&world->commit);
    store_destroy (&world->store);
    test_free (world);
    return 0;
}

static void
append (world_t *world, uint64_t number, const char *id)
{
    event_t *event = event_new (&(event_t){.id = id, .type = "a.b", .subject = "/s"});
    event_set_place (event, 0, 0, 1);
    world->events [world->event_count] = event;
    commit_add (world->commit, &(ticket_t){.number = number,
                                           .events = &world->events [world->event_count],
                                           .event_count = 1});
    world->event_count++;
}

static void
save (world_t *world, uint64_t number, const char *subscription, int64_t floor)
{
    size_t at = world->change_count++;
    world->progresses [at].floor = floor;
    world->changes [at] = (change_t){.kind = CHANGE_PROGRESS, .subscription = subscription};
    world->changes [at].progress = &world->progresses [at];
    commit_add (world->commit,
                &(ticket_t){.number = number, .changes = &world->changes [at], .change_count = 1});
}

static void
run (world_t *world)
{
    commit_run (world->commit, &world->outcome);
}

static void
expect_verdict (const world_t *world, size_t index, int kind, int64_t seq)
{
    assert_true (index < world->outcome.verdict_count);
    assert_int_equal (world->outcome.verdicts [index].kind, kind);
    assert_int_equal (world->outcome.verdicts [index].seq, seq);
}

static void
everything_that_was_added_is_one_commit (void **state)
{
    world_t *world = *state;
    append (world, 1, "e1");
    append (world, 2, "e2");
    append (world, 3, "e1");
    run (world);
    assert_int_equal (world->outcome.up_to, 3);
    assert_int_equal (world->outcome.from, 0);
    expect_verdict (world, 0, VERDICT_STORED, 1);
    expect_verdict (world, 1, VERDICT_STORED, 2);
    expect_verdict (world, 2, VERDICT_DUPLICATE, 1);
}

static void
what_does_not_fit_at_all_is_told_from_its_first_ticket_on (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_FULL, false);
    append (world, 7, "e1");
    append (world, 8, "e2");
    run (world);
    assert_int_equal (world->outcome.up_to, 0);
    assert_int_equal (world->outcome.from, 7);
    assert_int_equal (world->outcome.problem.status, STATUS_FULL);
}

static void
outcomes_of_deliveries_are_kept_where_no_event_fits (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_FULL, false);
    save (world, 4, "S", 0);
    save (world, 5, "T", 0);
    append (world, 6, "e1");
    save (world, 7, "S", 0);
    run (world);
    assert_int_equal (world->outcome.up_to, 5);
    assert_int_equal (world->outcome.verdict_count, 0);
    assert_int_equal (world->outcome.from, 6);
}

static void
a_commit_that_happened_unseen_is_recognised (void **state)
{
    world_t *world = *state;
    append (world, 1, "e1");
    run (world);
    commit_clear (world->commit);

    memory_store_fail (world->store, 1, STATUS_OUTCOME_UNKNOWN, true);
    append (world, 2, "e2");
    append (world, 3, "e1");
    append (world, 4, "e2");
    append (world, 5, "e3");
    run (world);
    assert_int_equal (world->outcome.up_to, 5);
    expect_verdict (world, 0, VERDICT_STORED, 2);
    expect_verdict (world, 1, VERDICT_DUPLICATE, 1);
    expect_verdict (world, 2, VERDICT_DUPLICATE, 2);
    expect_verdict (world, 3, VERDICT_STORED, 3);
}

static void
a_commit_that_did_not_happen_is_repeated (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_OUTCOME_UNKNOWN, false);
    append (world, 1, "e1");
    run (world);
    assert_int_equal (world->outcome.up_to, 1);
    expect_verdict (world, 0, VERDICT_STORED, 1);
}

//  That an event is there tells nothing, if it was there before.
static void
a_commit_that_did_not_happen_is_not_taken_for_one_because_of_a_repeat (void **state)
{
    world_t *world = *state;
    append (world, 1, "e1");
    run (world);
    commit_clear (world->commit);

    memory_store_fail (world->store, 1, STATUS_OUTCOME_UNKNOWN, false);
    token_t token = {.id = "t_1", .hash = "h", .name = "n", .scopes = "admin"};
    commit_add_token (world->commit, &token);
    append (world, 2, "e1");
    run (world);
    assert_int_equal (world->outcome.up_to, 2);
    expect_verdict (world, 0, VERDICT_DUPLICATE, 1);
    token_t found = {0};
    bool is_there = false;
    world->store->ops->find_token (world->store, "h", &found, &is_there, NULL);
    assert_true (is_there);
    token_clear (&found);
}

static void
a_store_that_failed_is_never_tried_again (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_STORE_FAILED, false);
    append (world, 1, "e1");
    run (world);
    assert_int_equal (world->outcome.from, 1);
    commit_clear (world->commit);

    append (world, 2, "e2");
    run (world);  //  the store would take it
    assert_int_equal (world->outcome.up_to, 0);
    assert_int_equal (world->outcome.from, 2);
    assert_int_equal (world->outcome.problem.status, STATUS_STORE_FAILED);
}

//  A store that counts what it is given.
typedef struct {
    store_t store;  //  first: a store_t * is one of these
    size_t changes;
    int64_t last_floor;
} counter_t;

static status_t
count (store_t *store, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    (void)stored;
    (void)problem;
    counter_t *self = (counter_t *)store;
    self->changes = batch->change_count;
    self->last_floor = batch->changes [batch->change_count - 1].progress->floor;
    return STATUS_OK;
}

static void
of_a_progress_only_the_last_of_a_batch_is_written (void **state)
{
    world_t *world = *state;
    static const store_ops_t ops = {.commit = count};
    counter_t counter = {.store = {&ops}};
    OWNED (commit)
    commit_t *commit = commit_new (&counter.store, (int64_t [PARTITIONS]){0}, PARTITIONS);
    commit_t *kept = world->commit;
    world->commit = commit;
    for (int64_t floor = 1; floor <= 9; floor++)
        save (world, (uint64_t)floor, floor % 3 == 0 ? "S" : "T", floor);
    run (world);
    world->commit = kept;
    assert_int_equal (counter.changes, 2);
    assert_int_equal (counter.last_floor, 9);
}

static void
a_token_hears_what_became_of_it (void **state)
{
    world_t *world = *state;
    token_t token = {.id = "t_1", .hash = "h", .name = "n", .scopes = "admin"};
    memory_store_fail (world->store, 1, STATUS_FULL, false);
    commit_add_token (world->commit, &token);
    run (world);
    assert_int_equal (world->outcome.token_status, STATUS_FULL);
    assert_int_equal (world->outcome.from, 0);
    commit_clear (world->commit);

    commit_add_token (world->commit, &token);
    run (world);
    assert_int_equal (world->outcome.token_status, STATUS_OK);
}

static void
it_is_full_at_a_number_of_events (void **state)
{
    world_t *world = *state;
    append (world, 1, "e1");
    event_t *many [COMMIT_EVENTS];
    for (size_t i = 0; i < COMMIT_EVENTS; i++)
        many [i] = world->events [0];
    assert_true (commit_has_room (world->commit));
    commit_add (world->commit,
                &(ticket_t){.number = 2, .events = many, .event_count = COMMIT_EVENTS});
    assert_false (commit_has_room (world->commit));
    commit_clear (world->commit);
    assert_true (commit_has_room (world->commit));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
        PLAY (everything_that_was_added_is_one_commit),
        PLAY (what_does_not_fit_at_all_is_told_from_its_first_ticket_on),
        PLAY (outcomes_of_deliveries_are_kept_where_no_event_fits),
        PLAY (a_commit_that_happened_unseen_is_recognised),
        PLAY (a_commit_that_did_not_happen_is_repeated),
        PLAY (a_commit_that_did_not_happen_is_not_taken_for_one_because_of_a_repeat),
        PLAY (a_store_that_failed_is_never_tried_again),
        PLAY (of_a_progress_only_the_last_of_a_batch_is_written),
        PLAY (a_token_hears_what_became_of_it),
        PLAY (it_is_full_at_a_number_of_events),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
