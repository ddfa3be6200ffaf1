#include "broker/writer.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "daemon/log.h"

enum { PATIENCE_MS = 30000, EVENTS = 4096 };

typedef struct {
    store_t *store;
    metrics_t *metrics;
    bell_t *bell;
    writer_t *writer;
    event_t *events [EVENTS];
} world_t;

static int
set_up (void **state)
{
    static const int64_t last_seqs [1] = {0};
    world_t *world = test_calloc (1, sizeof *world);
    log_set_level (LOG_ERROR);
    world->store = memory_store_new (1);
    world->metrics = metrics_new ("broker");
    world->bell = bell_new ();
    world->writer = writer_new (&(writer_settings_t){.store = world->store,
                                                     .last_seqs = last_seqs,
                                                     .partitions = 1,
                                                     .metrics = world->metrics,
                                                     .bell = world->bell});
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    writer_destroy (&world->writer);
    for (size_t i = 0; i < EVENTS; i++)
        event_destroy (&world->events [i]);
    bell_destroy (&world->bell);
    metrics_destroy (&world->metrics);
    store_destroy (&world->store);
    test_free (world);
    return 0;
}

//  An APPEND of one event, under its number as its id.
static void
append (world_t *world, uint64_t number)
{
    char id [32];
    snprintf (id, sizeof id, "e%u", (unsigned)number);
    world->events [number] = event_new (&(event_t){.id = id, .type = "a.b", .subject = "/s"});
    event_set_place (world->events [number], 0, 0, 1);
    writer_add (world->writer,
                &(ticket_t){.number = number, .events = &world->events [number], .event_count = 1});
}

static written_t *
wait_for (world_t *world)
{
    written_t *written;
    while (!(written = writer_take (world->writer))) {
        struct pollfd bell = {.fd = bell_descriptor (world->bell), .events = POLLIN};
        assert_int_equal (poll (&bell, 1, PATIENCE_MS), 1);
        bell_silence (world->bell);
    }
    return written;
}

static void
every_ticket_is_answered_once_and_in_order (void **state)
{
    world_t *world = *state;
    uint64_t added = 0, answered = 0, verdicts = 0;
    while (answered < EVENTS - 1) {
        for (int i = 0; i < 50 && added < EVENTS - 1; i++)
            append (world, ++added);
        writer_hand_over (world->writer);
        written_t *written = wait_for (world);
        assert_int_equal (written->kind, WRITTEN_PERSISTED);
        assert_true (written->ticket > answered && written->ticket <= added);
        for (size_t i = 0; i < written->verdict_count; i++)
            assert_int_equal (written->verdicts [i].seq, ++verdicts);
        answered = written->ticket;
        assert_int_equal (verdicts, answered);
        written_destroy (&written);
    }
}

static void
after_a_failure_nothing_is_written_until_it_is_resumed (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_FULL, false);
    append (world, 1);
    writer_hand_over (world->writer);
    written_t *written = wait_for (world);
    assert_int_equal (written->kind, WRITTEN_NOT_PERSISTED);
    assert_int_equal (written->ticket, 1);
    assert_int_equal (written->problem.status, STATUS_FULL);
    written_destroy (&written);

    append (world, 2);  //  given out before the core was told: it will not come back to life
    writer_hand_over (world->writer);
    append (world, 3);
    writer_resume (world->writer);
    append (world, 4);
    writer_hand_over (world->writer);
    written = wait_for (world);
    assert_int_equal (written->kind, WRITTEN_PERSISTED);
    assert_int_equal (written->ticket, 4);
    assert_int_equal (written->verdict_count, 1);
    assert_int_equal (written->verdicts [0].seq, 1);
    written_destroy (&written);
}

static void
a_token_is_written_even_while_tickets_wait (void **state)
{
    world_t *world = *state;
    memory_store_fail (world->store, 1, STATUS_FULL, false);
    append (world, 1);
    writer_hand_over (world->writer);
    written_t *written = wait_for (world);
    assert_int_equal (written->kind, WRITTEN_NOT_PERSISTED);
    written_destroy (&written);

    token_t token = {.id = "t_1", .hash = "h", .name = "n", .scopes = "admin"};
    writer_add_token (world->writer, 77, &token);
    written = wait_for (world);
    assert_int_equal (written->kind, WRITTEN_TOKEN);
    assert_int_equal (written->call, 77);
    assert_int_equal (written->problem.status, STATUS_OK);
    written_destroy (&written);
    writer_resume (world->writer);
}

static void
what_was_handed_over_is_written_before_it_ends (void **state)
{
    world_t *world = *state;
    for (uint64_t number = 1; number < EVENTS; number++)
        append (world, number);
    writer_destroy (&world->writer);

    page_t *page;
    assert_int_equal (world->store->ops->read (world->store, 0, EVENTS - 2, 1, 1, &page, NULL),
                      STATUS_OK);
    assert_int_equal (page->count, 1);
    page_destroy (&page);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
        PLAY (every_ticket_is_answered_once_and_in_order),
        PLAY (after_a_failure_nothing_is_written_until_it_is_resumed),
        PLAY (a_token_is_written_even_while_tickets_wait),
        PLAY (what_was_handed_over_is_written_before_it_ends),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
