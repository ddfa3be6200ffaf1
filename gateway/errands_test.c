/*  errands – what waits travels together, whoever gives up leaves nothing behind, and one bad
 *  errand spoils no other.
 */
#include "gateway/errands.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENTS_MOST = 11, PATIENT_MS = 60000, AT_ONCE_MS = 1, GIVES_UP_MS = 2500 };

typedef struct {
    errands_t *errands;
    errand_t errand;
    event_t *event;
    confirmation_t confirmation;
    int64_t timeout_ms;
    pthread_t thread;
} client_t;

typedef struct {
    limits_t limits;
    errands_t *errands;
    client_t clients [CLIENTS_MOST];
} fixture_t;

static int
set_up (void **state)
{
    static fixture_t fixture;
    fixture.limits = limits_default ();
    fixture.errands = errands_new (&fixture.limits);
    *state = &fixture;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *fixture = *state;
    errands_destroy (&fixture->errands);
    return 0;
}

static void
no_ring (void *context)
{
    (void)context;
}

static void *
client_run (void *context)
{
    client_t *self = context;
    errands_do (self->errands, &self->errand, self->timeout_ms, no_ring, NULL);
    return NULL;
}

//  A request thread that publishes one event, or calls a method.
static client_t *
start (fixture_t *fixture, int number, const char *method, int64_t timeout_ms)
{
    client_t *client = &fixture->clients [number];
    char id [8];
    snprintf (id, sizeof (id), "%d", number);
    *client = (client_t){.errands = fixture->errands, .timeout_ms = timeout_ms};
    client->event = event_new (&(event_t){.id = id, .type = "a", .subject = "/s", .time = ""});
    if (method)
        client->errand = (errand_t){.method = method, .json = "{}", .json_size = 2};
    else
        client->errand = (errand_t){.events = &client->event,
                                    .event_count = 1,
                                    .bytes = 100,
                                    .confirmations = &client->confirmation};
    pthread_create (&client->thread, NULL, client_run, client);
    return client;
}

static void
expect_end (fixture_t *fixture, int number, status_t status)
{
    client_t *client = &fixture->clients [number];
    pthread_join (client->thread, NULL);
    event_destroy (&client->event);
    bytes_free (&client->errand.reply);
    assert_string_equal (status_name (client->errand.status), status_name (status));
}

static shipment_t *
take (fixture_t *fixture)
{
    shipment_t *shipment;
    while (!(shipment = errands_take (fixture->errands)))
        sched_yield ();
    return shipment;
}

//  Until so many wait: taken and given back, they are together.
static shipment_t *
take_together (fixture_t *fixture, size_t count)
{
    for (;;) {
        shipment_t *shipment = take (fixture);
        if (shipment->count == count)
            return shipment;
        errands_return (fixture->errands, shipment);
        sched_yield ();
    }
}

static void
what_waits_travels_together_and_each_gets_its_own (void **state)
{
    fixture_t *fixture = *state;
    for (int i = 0; i < 4; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *shipment = take_together (fixture, 4);
    assert_int_equal (shipment->event_count, 4);
    confirmation_t confirmations [4];
    for (int i = 0; i < 4; i++)
        confirmations [i] =
            (confirmation_t){CONFIRMED_STORED, 0, atoi (shipment->events [i]->id) + 100};
    shipment_release (shipment);
    errands_confirm (fixture->errands, shipment->request, confirmations, 4, 700);
    for (int i = 0; i < 4; i++) {
        expect_end (fixture, i, STATUS_OK);
        assert_int_equal (fixture->clients [i].confirmation.seq, 100 + i);
        assert_int_equal (fixture->clients [i].errand.backoff_ms, 700);
    }
}

//  Four that wait go in messages of so many.
static void
expect_messages (fixture_t *fixture, size_t first, size_t second)
{
    confirmation_t confirmations [4] = {0};
    for (int i = 0; i < 4; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *shipment = take_together (fixture, first);
    errands_confirm (fixture->errands, shipment->request, confirmations, first, 0);
    shipment = take_together (fixture, second);
    errands_confirm (fixture->errands, shipment->request, confirmations, second, 0);
    for (int i = 0; i < 4; i++)
        expect_end (fixture, i, STATUS_OK);
}

static void
a_message_has_its_limits (void **state)
{
    fixture_t *fixture = *state;
    fixture->limits.batch_events = 3;
    expect_messages (fixture, 3, 1);
    fixture->limits.frame_bytes = 250;
    expect_messages (fixture, 2, 2);
}

//  While three are unconfirmed, more would only wait there instead of gathering here.
static void
three_are_under_way_and_questions_pass_them (void **state)
{
    fixture_t *fixture = *state;
    confirmation_t confirmation = {CONFIRMED_STORED, 0, 1};
    shipment_t *shipments [4];
    for (int i = 0; i < 3; i++) {
        start (fixture, i, NULL, i == 1 ? GIVES_UP_MS : PATIENT_MS);
        shipments [i] = take (fixture);
    }
    uint64_t given_up = shipments [1]->request;
    start (fixture, 3, NULL, PATIENT_MS);
    start (fixture, 4, "question", PATIENT_MS);
    shipment_t *question = take (fixture);
    assert_string_equal (question->method, "question");
    errands_reply (fixture->errands, question->request, STATUS_OK, "{}", 2);
    expect_end (fixture, 4, STATUS_OK);
    assert_null (errands_take (fixture->errands));

    //  who gives up makes room, and his answer may come late or never
    expect_end (fixture, 1, STATUS_OUTCOME_UNKNOWN);
    shipments [3] = take (fixture);
    assert_string_equal (shipments [3]->events [0]->id, "3");
    errands_confirm (fixture->errands, given_up, &confirmation, 1, 0);
    for (int i = 0; i < 4; i++)
        if (i != 1) {
            errands_confirm (fixture->errands, shipments [i]->request, &confirmation, 1, 0);
            expect_end (fixture, i, STATUS_OK);
        }
}

//  A small message beside a large one would cost the disk a commit of its own.
static void
what_is_smaller_than_a_large_one_waits_for_company_or_a_confirm (void **state)
{
    fixture_t *fixture = *state;
    confirmation_t confirmations [5] = {0};
    for (int i = 0; i < 5; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *first = take_together (fixture, 5);
    for (int i = 5; i < 9; i++)
        start (fixture, i, NULL, PATIENT_MS);
    assert_null (errands_take (fixture->errands));
    start (fixture, 9, NULL, PATIENT_MS);
    shipment_t *second = take (fixture);
    assert_int_equal (second->count, 5);

    start (fixture, 10, NULL, PATIENT_MS);
    errands_confirm (fixture->errands, first->request, confirmations, 5, 0);
    assert_null (errands_take (fixture->errands));
    errands_confirm (fixture->errands, second->request, confirmations, 5, 0);
    errands_confirm (fixture->errands, take (fixture)->request, confirmations, 1, 0);
    for (int i = 0; i < 11; i++)
        expect_end (fixture, i, STATUS_OK);
}

static void
few_are_not_waited_for (void **state)
{
    fixture_t *fixture = *state;
    confirmation_t confirmations [4] = {0};
    for (int i = 0; i < 4; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *first = take_together (fixture, 4);
    start (fixture, 4, NULL, PATIENT_MS);
    shipment_t *second = take (fixture);
    assert_int_equal (second->count, 1);
    errands_confirm (fixture->errands, first->request, confirmations, 4, 0);
    errands_confirm (fixture->errands, second->request, confirmations, 1, 0);
    for (int i = 0; i < 5; i++)
        expect_end (fixture, i, STATUS_OK);
}

static void
a_call_travels_alone (void **state)
{
    fixture_t *fixture = *state;
    start (fixture, 0, "one", PATIENT_MS);
    start (fixture, 1, "two", PATIENT_MS);
    shipment_t *first = take (fixture), *second = take (fixture);
    assert_string_not_equal (first->method, second->method);
    assert_memory_equal (first->json, "{}", 2);
    errands_reply (fixture->errands, second->request, STATUS_NOT_FOUND, "{\"x\":1}", 7);
    errands_reply (fixture->errands, first->request, STATUS_NOT_FOUND, "{\"x\":1}", 7);
    for (int i = 0; i < 2; i++) {
        pthread_join (fixture->clients [i].thread, NULL);
        assert_int_equal (fixture->clients [i].errand.status, STATUS_NOT_FOUND);
        assert_string_equal (fixture->clients [i].errand.reply.at, "{\"x\":1}");
        event_destroy (&fixture->clients [i].event);
        bytes_free (&fixture->clients [i].errand.reply);
    }
}

static void
who_gives_up_before_it_was_sent_stored_nothing (void **state)
{
    fixture_t *fixture = *state;
    start (fixture, 0, NULL, AT_ONCE_MS);
    expect_end (fixture, 0, STATUS_NO_BROKER);
    assert_null (errands_take (fixture->errands));
}

static void
who_gives_up_after_it_was_sent_does_not_know (void **state)
{
    fixture_t *fixture = *state;
    start (fixture, 0, NULL, GIVES_UP_MS);
    start (fixture, 1, NULL, PATIENT_MS);
    shipment_t *shipment = take_together (fixture, 2);
    expect_end (fixture, 0, STATUS_OUTCOME_UNKNOWN);
    //  its confirmation goes nowhere, the neighbour's to the neighbour
    confirmation_t confirmations [2];
    for (int i = 0; i < 2; i++)
        confirmations [i] = (confirmation_t){CONFIRMED_STORED, 0, atoi (shipment->events [i]->id)};
    errands_confirm (fixture->errands, shipment->request, confirmations, 2, 0);
    expect_end (fixture, 1, STATUS_OK);
    assert_int_equal (fixture->clients [1].confirmation.seq, 1);
}

static void
one_that_is_refused_spoils_no_other (void **state)
{
    fixture_t *fixture = *state;
    for (int i = 0; i < 3; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *together = take_together (fixture, 3);
    errands_refuse (fixture->errands, together->request, STATUS_BAD_EVENT, 0, "one of them");
    for (int i = 0; i < 3; i++) {
        shipment_t *alone = take (fixture);
        assert_int_equal (alone->count, 1);
        confirmation_t confirmation = {CONFIRMED_STORED, 0, 1};
        if (strcmp (alone->events [0]->id, "1") == 0)
            errands_refuse (fixture->errands, alone->request, STATUS_BAD_EVENT, 0, "this one");
        else
            errands_confirm (fixture->errands, alone->request, &confirmation, 1, 0);
    }
    expect_end (fixture, 0, STATUS_OK);
    expect_end (fixture, 1, STATUS_BAD_EVENT);
    expect_end (fixture, 2, STATUS_OK);
    assert_string_equal (fixture->clients [1].errand.problem.text, "this one");
}

static void
a_full_store_refuses_them_all (void **state)
{
    fixture_t *fixture = *state;
    for (int i = 0; i < 3; i++)
        start (fixture, i, NULL, PATIENT_MS);
    shipment_t *together = take_together (fixture, 3);
    errands_refuse (fixture->errands, together->request, STATUS_FULL, 700, "full");
    for (int i = 0; i < 3; i++) {
        expect_end (fixture, i, STATUS_FULL);
        assert_int_equal (fixture->clients [i].errand.retry_after_ms, 700);
    }
}

static void
a_broken_link_leaves_what_waits_and_ends_what_was_sent (void **state)
{
    fixture_t *fixture = *state;
    start (fixture, 0, NULL, PATIENT_MS);
    take (fixture);
    start (fixture, 1, "question", PATIENT_MS);
    take (fixture);
    start (fixture, 2, NULL, PATIENT_MS);
    shipment_t *unsent = take (fixture);
    errands_return (fixture->errands, unsent);
    errands_lose (fixture->errands);
    expect_end (fixture, 0, STATUS_OUTCOME_UNKNOWN);
    expect_end (fixture, 1, STATUS_NO_BROKER);
    shipment_t *later = take (fixture);
    confirmation_t confirmation = {CONFIRMED_STORED, 0, 1};
    errands_confirm (fixture->errands, later->request, &confirmation, 1, 0);
    expect_end (fixture, 2, STATUS_OK);
}

static void
a_confirmation_of_another_size_confirms_nothing (void **state)
{
    fixture_t *fixture = *state;
    confirmation_t confirmations [2] = {{CONFIRMED_STORED, 0, 1}, {CONFIRMED_STORED, 0, 2}};
    start (fixture, 0, NULL, PATIENT_MS);
    errands_confirm (fixture->errands, take (fixture)->request, confirmations, 2, 0);
    expect_end (fixture, 0, STATUS_OUTCOME_UNKNOWN);
    start (fixture, 0, NULL, PATIENT_MS);
    errands_reply (fixture->errands, take (fixture)->request, STATUS_OK, "{}", 2);
    expect_end (fixture, 0, STATUS_OUTCOME_UNKNOWN);
    errands_confirm (fixture->errands, 12345, confirmations, 2, 0);  //  nobody's
}

static void
too_much_at_a_time_is_full (void **state)
{
    fixture_t *fixture = *state;
    fixture->limits.pending_events = 1;
    start (fixture, 0, NULL, PATIENT_MS);
    shipment_t *shipment = take (fixture);
    errands_return (fixture->errands, shipment);
    start (fixture, 1, NULL, PATIENT_MS);
    expect_end (fixture, 1, STATUS_FULL);
    errands_set_away (fixture->errands, true);
    start (fixture, 1, NULL, PATIENT_MS);
    expect_end (fixture, 1, STATUS_NO_BROKER);
    confirmation_t confirmation = {CONFIRMED_STORED, 0, 1};
    errands_confirm (fixture->errands, take (fixture)->request, &confirmation, 1, 0);
    expect_end (fixture, 0, STATUS_OK);
}

int
main (void)
{
#define WITH_CLIENTS(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
    const struct CMUnitTest tests [] = {
        WITH_CLIENTS (what_waits_travels_together_and_each_gets_its_own),
        WITH_CLIENTS (a_message_has_its_limits),
        WITH_CLIENTS (three_are_under_way_and_questions_pass_them),
        WITH_CLIENTS (what_is_smaller_than_a_large_one_waits_for_company_or_a_confirm),
        WITH_CLIENTS (few_are_not_waited_for),
        WITH_CLIENTS (a_call_travels_alone),
        WITH_CLIENTS (who_gives_up_before_it_was_sent_stored_nothing),
        WITH_CLIENTS (who_gives_up_after_it_was_sent_does_not_know),
        WITH_CLIENTS (one_that_is_refused_spoils_no_other),
        WITH_CLIENTS (a_full_store_refuses_them_all),
        WITH_CLIENTS (a_broken_link_leaves_what_waits_and_ends_what_was_sent),
        WITH_CLIENTS (a_confirmation_of_another_size_confirms_nothing),
        WITH_CLIENTS (too_much_at_a_time_is_full),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
