#include "broker/reader.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "proto/model/owned.h"

enum { PATIENCE_MS = 30000 };

typedef struct {
    store_t *store;
    bell_t *bell;
    reader_t *reader;
} world_t;

static void
publish (world_t *world, const char *id)
{
    OWNED (event) event_t *event = event_new (&(event_t){.id = id, .type = "a.b", .subject = "/s"});
    event_set_place (event, 0, 0, 1);
    stored_t stored;
    batch_t batch = {.events = &event, .event_count = 1};
    assert_int_equal (world->store->ops->commit (world->store, &batch, &stored, NULL), STATUS_OK);
}

static int
set_up (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    world->store = memory_store_new (1);
    world->bell = bell_new ();
    world->reader = reader_new (world->store, world->bell);
    publish (world, "e1");
    publish (world, "e2");
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    reader_destroy (&world->reader);
    bell_destroy (&world->bell);
    store_destroy (&world->store);
    test_free (world);
    return 0;
}

static query_t *
wait_for (world_t *world)
{
    query_t *query;
    while (!(query = reader_take (world->reader))) {
        struct pollfd bell = {.fd = bell_descriptor (world->bell), .events = POLLIN};
        assert_int_equal (poll (&bell, 1, PATIENCE_MS), 1);
        bell_silence (world->bell);
    }
    return query;
}

static void
a_page_comes_back_under_the_number_of_its_read (void **state)
{
    world_t *world = *state;
    query_t question = {
        .kind = QUERY_PAGE, .number = 5, .above_seq = 1, .limit_bytes = 1, .limit_events = 9};
    reader_ask (world->reader, &question);
    OWNED (query) query_t *query = wait_for (world);
    assert_int_equal (query->number, 5);
    assert_int_equal (query->problem.status, STATUS_OK);
    assert_int_equal (query->page->count, 1);
    assert_string_equal (query->page->events [0]->id, "e2");
}

static void
questions_are_answered_in_order (void **state)
{
    world_t *world = *state;
    for (uint64_t number = 1; number <= 500; number++) {
        query_t question = {.kind = number % 2 ? QUERY_HISTORY : QUERY_TOKENS, .number = number};
        snprintf (question.text, sizeof question.text, "e1");
        reader_ask (world->reader, &question);
    }
    for (uint64_t number = 1; number <= 500; number++) {
        OWNED (query) query_t *query = wait_for (world);
        assert_int_equal (query->number, number);
        assert_int_equal (query->history != NULL, number % 2);
    }
    assert_int_equal (reader_waiting (world->reader), 0);
}

static void
what_is_not_there_is_said_so (void **state)
{
    world_t *world = *state;
    query_t question = {.kind = QUERY_HISTORY, .number = 1, .text = "nothing"};
    reader_ask (world->reader, &question);
    OWNED (query) query_t *query = wait_for (world);
    assert_int_equal (query->problem.status, STATUS_NOT_FOUND);

    question = (query_t){.kind = QUERY_TOKEN, .number = 2, .text = "0123"};
    reader_ask (world->reader, &question);
    OWNED (query) query_t *token = wait_for (world);
    assert_int_equal (token->problem.status, STATUS_OK);
    assert_false (token->has_token);
}

static bool
wants_e2 (const void *wanted, match_data_t *data)
{
    assert_string_equal (wanted, "handed on");
    return strcmp (data->event->id, "e2") == 0;
}

static void
of_a_page_only_what_is_wanted_comes_back (void **state)
{
    world_t *world = *state;
    publish (world, "e3");
    query_t question = {.kind = QUERY_MATCH,
                        .number = 1,
                        .up_to_seq = 2,
                        .limit_bytes = 1 << 20,
                        .limit_events = 9,
                        .wants = wants_e2,
                        .wanted = "handed on"};
    reader_ask (world->reader, &question);
    OWNED (query) query_t *query = wait_for (world);
    assert_int_equal (query->page->count, 1);
    assert_string_equal (query->page->events [0]->id, "e2");
    assert_int_equal (query->looked_at, 2);  //  e3 is above
    assert_int_equal (query->reached, 2);

    question.limit_events = 1;  //  and then there is more to look at
    reader_ask (world->reader, &question);
    OWNED (query) query_t *first = wait_for (world);
    assert_int_equal (first->page->count, 0);
    assert_int_equal (first->looked_at, 1);
    assert_int_equal (first->reached, 1);
}

static bool
wants_all (const void *wanted, match_data_t *data)
{
    (void)wanted;
    (void)data;
    return true;
}

static void
trim (world_t *world, int64_t seq)
{
    change_t gone = {.kind = CHANGE_TRIM, .seq = seq};
    batch_t batch = {.changes = &gone, .change_count = 1};
    assert_int_equal (world->store->ops->commit (world->store, &batch, NULL, NULL), STATUS_OK);
}

static void
a_page_tells_where_the_log_began_when_it_was_read (void **state)
{
    world_t *world = *state;
    publish (world, "e3");
    query_t question = {.kind = QUERY_FEED,
                        .up_to_seq = 3,
                        .limit_bytes = 1 << 20,
                        .limit_events = 9,
                        .wants = wants_all};
    for (int64_t gone = 0; gone <= 3; gone++) {
        if (gone > 0)
            trim (world, gone);
        reader_ask (world->reader, &question);
        OWNED (query) query_t *query = wait_for (world);
        assert_int_equal (query->page->count, 3 - gone);
        assert_int_equal (query->first, gone + 1);
        assert_int_equal (query->reached, 3);
    }
}

static void
times_are_found_in_the_log (void **state)
{
    world_t *world = *state;  //  both were accepted at 1
    query_t question = {.kind = QUERY_SEQS, .number = 1, .partition = 1, .times_ms = {1, 2}};
    reader_ask (world->reader, &question);
    OWNED (query) query_t *query = wait_for (world);
    assert_int_equal (query->problem.status, STATUS_OK);
    assert_int_equal (query->seqs [0], 0);
    assert_int_equal (query->seqs [1], 2);
}

static void
it_ends_with_questions_unanswered (void **state)
{
    world_t *world = *state;
    for (uint64_t number = 1; number <= 1000; number++)
        reader_ask (world->reader, &(query_t){.kind = QUERY_TOKENS, .number = number});
    reader_destroy (&world->reader);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
        PLAY (a_page_comes_back_under_the_number_of_its_read),
        PLAY (questions_are_answered_in_order),
        PLAY (what_is_not_there_is_said_so),
        PLAY (of_a_page_only_what_is_wanted_comes_back),
        PLAY (a_page_tells_where_the_log_began_when_it_was_read),
        PLAY (times_are_found_in_the_log),
        PLAY (it_ends_with_questions_unanswered),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
