#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/allocate.h"
#include "proto/wire/sample.h"

typedef struct {
    uint8_t *bytes;
    size_t size;
} body_t;

static body_t
encode (const message_t *message)
{
    body_t body;
    message_encode (message, &body.bytes, &body.size);
    return body;
}

//  From a block of exactly this size, which is gone afterwards: nothing may point into it.
static status_t
decode (message_t *message, command_t command, const void *bytes, size_t size,
        const limits_t *limits, problem_t *problem)
{
    limits_t standard = limits_default ();
    const uint8_t head [] = {WIRE_VERSION, (uint8_t)command};
    uint8_t *copy = allocate_bytes (bytes, size);
    *problem = (problem_t){0};
    status_t status = message_decode (message, head, sizeof (head), copy, size,
                                      limits ? limits : &standard, problem);
    free (copy);
    assert_int_equal (problem->status, status);
    return status;
}

//  The message as the peer has it.
static message_t
send (const message_t *message)
{
    body_t body = encode (message);
    message_t decoded;
    problem_t problem;
    if (decode (&decoded, message->command, body.bytes, body.size, NULL, &problem))
        fail_msg ("%s: %s", command_name (message->command), problem.text);
    free (body.bytes);
    return decoded;
}

static void
every_command_has_a_sample (void **state)
{
    (void)state;
    size_t count = 0;
#define COMMAND(name, byte, sender, text)                         \
    assert_int_equal (sample_of (COMMAND_##name)->command, byte); \
    assert_string_equal (command_name (COMMAND_##name), #name);   \
    count++;
#include "proto/wire/command.tbl"
    assert_int_equal (count, sample_count ());
    assert_string_equal (command_name ((command_t)0), "?");
    assert_string_equal (command_name ((command_t)999), "?");
}

static void
what_was_decoded_encodes_to_the_same_bytes (void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count (); i++) {
        body_t first = encode (sample_at (i));
        message_t decoded = send (sample_at (i));
        body_t second = encode (&decoded);
        assert_int_equal (first.size, second.size);
        assert_memory_equal (first.bytes, second.bytes, first.size);
        message_clear (&decoded);
        message_clear (&decoded);
        free (first.bytes);
        free (second.bytes);
    }
}

static void
assert_events_equal (const event_t *a, const event_t *b)
{
    assert_string_equal (a->id, b->id);
    assert_string_equal (a->given_id, b->given_id);
    assert_string_equal (a->source, b->source);
    assert_string_equal (a->type, b->type);
    assert_string_equal (a->subject, b->subject);
    assert_string_equal (a->key, b->key);
    assert_string_equal (a->time, b->time);
    assert_string_equal (a->content_type, b->content_type);
    assert_int_equal (a->data_size, b->data_size);
    if (a->data_size > 0)
        assert_memory_equal (a->data, b->data, a->data_size);
    assert_string_equal (a->causation, b->causation);
    assert_string_equal (a->root, b->root);
    assert_string_equal (a->via, b->via);
    assert_int_equal (a->hops, b->hops);
    assert_int_equal (a->phase, b->phase);
    assert_int_equal (a->partition, b->partition);
    assert_int_equal (a->seq, b->seq);
    assert_int_equal (a->accepted_ms, b->accepted_ms);
}

static void
a_publish_carries_its_events (void **state)
{
    (void)state;
    const message_t *sent = sample_of (COMMAND_PUBLISH);
    message_t got = send (sent);
    assert_int_equal (got.request, sent->request);
    assert_int_equal (got.event_count, sent->event_count);
    for (size_t i = 0; i < sent->event_count; i++)
        assert_events_equal (got.events [i], sent->events [i]);
    message_clear (&got);
}

static void
an_event_outlives_its_message (void **state)
{
    (void)state;
    message_t got = send (sample_of (COMMAND_PUBLISH));
    event_t *kept = event_ref (got.events [0]);
    message_clear (&got);
    assert_string_equal (kept->id, "ev-1");
    event_destroy (&kept);
}

//  Where an event lies is the broker's to say.
static void
a_place_in_a_publish_is_not_looked_at (void **state)
{
    (void)state;
    event_t *events [] = {sample_of (COMMAND_DELIVER)->deliveries [0].event};
    message_t got = send (
        &(message_t){.command = COMMAND_PUBLISH, .request = 1, .events = events, .event_count = 1});
    assert_int_equal (got.events [0]->partition, -1);
    assert_int_equal (got.events [0]->seq, 0);
    message_clear (&got);
}

static void
a_call_and_its_reply_carry_json (void **state)
{
    (void)state;
    message_t call = send (sample_of (COMMAND_CALL));
    assert_int_equal (call.request, 8);
    assert_string_equal (call.method, "event.get");
    assert_string_equal (call.json, "{\"id\":\"ev-1\"}");
    assert_int_equal (call.json_size, strlen (call.json));
    message_clear (&call);

    message_t reply = send (sample_of (COMMAND_REPLY));
    assert_int_equal (reply.status, STATUS_NOT_FOUND);
    assert_string_equal (reply.json, "{\"message\":\"no\"}");
    assert_int_equal (reply.json_size, strlen (reply.json));
    message_clear (&reply);
}

static void
a_confirm_says_what_became_of_each_event (void **state)
{
    (void)state;
    const message_t *sent = sample_of (COMMAND_CONFIRM);
    message_t got = send (sent);
    assert_int_equal (got.confirmation_count, sent->confirmation_count);
    for (size_t i = 0; i < sent->confirmation_count; i++) {
        assert_int_equal (got.confirmations [i].kind, sent->confirmations [i].kind);
        assert_int_equal (got.confirmations [i].partition, sent->confirmations [i].partition);
        assert_int_equal (got.confirmations [i].seq, sent->confirmations [i].seq);
    }
    message_clear (&got);
}

static void
a_refusal_and_an_error_carry_a_sentence (void **state)
{
    (void)state;
    message_t refuse = send (sample_of (COMMAND_REFUSE));
    assert_int_equal (refuse.request, 7);
    assert_int_equal (refuse.status, STATUS_FULL);
    assert_int_equal (refuse.retry_after_ms, 1000);
    assert_string_equal (refuse.text, "too much waits");
    message_clear (&refuse);

    message_t error = send (sample_of (COMMAND_ERROR));
    assert_int_equal (error.request, 8);
    assert_int_equal (error.status, STATUS_BAD_MESSAGE);
    assert_string_equal (error.text, "there is no command 0x00");
    message_clear (&error);
}

static void
a_hello_offers_actions (void **state)
{
    (void)state;
    message_t got = send (sample_of (COMMAND_HELLO));
    assert_string_equal (got.name, "worker-1");
    assert_string_equal (got.version, "0.1.0");
    assert_int_equal (got.action_count, 2);
    assert_string_equal (got.actions [0], "webhook");
    assert_string_equal (got.actions [1], "exec");
    assert_int_equal (got.capacity, 256);
    message_clear (&got);
}

static void
a_delivery_says_to_whom_and_what (void **state)
{
    (void)state;
    const message_t *sent = sample_of (COMMAND_DELIVER);
    message_t got = send (sent);
    assert_true (got.session == sent->session);
    assert_int_equal (got.target_count, sent->target_count);
    for (size_t i = 0; i < sent->target_count; i++) {
        assert_string_equal (got.targets [i].subscription, sent->targets [i].subscription);
        assert_int_equal (got.targets [i].version, sent->targets [i].version);
        assert_string_equal (got.targets [i].deliver, sent->targets [i].deliver);
        assert_int_equal (got.targets [i].deliver_size, sent->targets [i].deliver_size);
        assert_int_equal (got.targets [i].timeout_ms, sent->targets [i].timeout_ms);
    }
    assert_int_equal (got.delivery_count, sent->delivery_count);
    for (size_t i = 0; i < sent->delivery_count; i++) {
        assert_int_equal (got.deliveries [i].lease, sent->deliveries [i].lease);
        assert_int_equal (got.deliveries [i].number, sent->deliveries [i].number);
        assert_int_equal (got.deliveries [i].attempt, sent->deliveries [i].attempt);
        assert_int_equal (got.deliveries [i].deadline_ms, sent->deliveries [i].deadline_ms);
        assert_int_equal (got.deliveries [i].target, sent->deliveries [i].target);
        assert_events_equal (got.deliveries [i].event, sent->deliveries [i].event);
    }
    message_clear (&got);
}

static void
a_settle_says_how_it_went (void **state)
{
    (void)state;
    const message_t *sent = sample_of (COMMAND_SETTLE);
    message_t got = send (sent);
    assert_int_equal (got.settlement_count, sent->settlement_count);
    for (size_t i = 0; i < sent->settlement_count; i++) {
        const settlement_t *a = &got.settlements [i], *b = &sent->settlements [i];
        assert_int_equal (a->lease, b->lease);
        assert_int_equal (a->outcome, b->outcome);
        assert_int_equal (a->retry_after_ms, b->retry_after_ms);
        assert_int_equal (a->disables, b->disables);
        assert_int_equal (a->time_ms, b->time_ms);
        assert_int_equal (a->duration_ms, b->duration_ms);
        assert_int_equal (a->http_status, b->http_status);
        assert_string_equal (a->error, b->error);
        assert_string_equal (a->result, b->result);
        assert_int_equal (a->counts, b->counts);
        assert_string_equal (a->counted, b->counted);
    }
    message_clear (&got);
}

static void
leases_and_totals_are_whole (void **state)
{
    (void)state;
    const command_t commands [] = {COMMAND_RELEASE, COMMAND_SETTLED, COMMAND_HEARTBEAT};
    for (size_t i = 0; i < sizeof (commands) / sizeof *commands; i++) {
        const message_t *sent = sample_of (commands [i]);
        message_t got = send (sent);
        assert_true (got.session == sent->session);
        assert_int_equal (got.lease_count, sent->lease_count);
        assert_memory_equal (got.leases, sent->leases, sent->lease_count * sizeof *sent->leases);
        assert_int_equal (got.received, sent->received);
        message_clear (&got);
    }
    message_t credit = send (sample_of (COMMAND_CREDIT));
    assert_int_equal (credit.deliveries_granted, 256);
    assert_int_equal (credit.bytes_granted, 1 << 25);
    message_clear (&credit);
    message_t welcome = send (sample_of (COMMAND_WELCOME));
    assert_true (welcome.session == INT64_MAX);
    assert_int_equal (welcome.heartbeat_ms, 1000);
    message_clear (&welcome);
}

//  A gateway's heartbeat is one byte, and a text that did not come is "", never NULL.
static void
what_says_nothing_is_left_out (void **state)
{
    (void)state;
    body_t heartbeat = encode (&(message_t){.command = COMMAND_HEARTBEAT});
    assert_int_equal (heartbeat.size, 1);
    assert_int_equal (heartbeat.bytes [0], 0x80);
    free (heartbeat.bytes);

    message_t hello = send (&(message_t){.command = COMMAND_HELLO, .name = "w"});
    assert_string_equal (hello.version, "");
    assert_null (hello.actions);
    message_clear (&hello);
    message_t call = send (&(message_t){.command = COMMAND_CALL, .request = 1, .method = "status"});
    assert_string_equal (call.json, "");
    message_clear (&call);
    settlement_t settlement = {.lease = 1, .outcome = OUTCOME_OK};
    message_t settle = send (&(message_t){.command = COMMAND_SETTLE,
                                          .session = 1,
                                          .settlements = &settlement,
                                          .settlement_count = 1});
    assert_string_equal (settle.settlements [0].error, "");
    assert_string_equal (settle.settlements [0].result, "");
    message_clear (&settle);
}

static void
every_message_that_is_cut_is_refused (void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count (); i++) {
        command_t command = sample_at (i)->command;
        body_t body = encode (sample_at (i));
        for (size_t size = 0; size < body.size; size++) {
            message_t message;
            problem_t problem;
            assert_int_equal (decode (&message, command, body.bytes, size, NULL, &problem),
                              STATUS_BAD_MESSAGE);
            assert_int_equal (message.command, 0);
            assert_null (message.arena);
        }
        free (body.bytes);
    }
}

//  Whatever single byte is changed, there is a message or a sentence, and the sanitizer is silent.
static void
every_message_with_a_wrong_byte_has_an_answer (void **state)
{
    (void)state;
    static const uint8_t wrong [] = {0x00, 0x7f, 0x80, 0x90, 0xa0, 0xc0,
                                     0xc1, 0xc4, 0xdb, 0xdd, 0xdf, 0xff};
    for (size_t i = 0; i < sample_count (); i++) {
        body_t body = encode (sample_at (i));
        for (size_t at = 0; at < body.size * sizeof (wrong); at++) {
            message_t message;
            problem_t problem;
            uint8_t right = body.bytes [at / sizeof (wrong)];
            body.bytes [at / sizeof (wrong)] = wrong [at % sizeof (wrong)];
            status_t status =
                decode (&message, sample_at (i)->command, body.bytes, body.size, NULL, &problem);
            assert_true (status == STATUS_OK || *problem.text);
            message_clear (&message);
            body.bytes [at / sizeof (wrong)] = right;
        }
        free (body.bytes);
    }
}

static void
a_message_grows_beyond_the_first_guess_of_its_size (void **state)
{
    (void)state;
    enum { RESULTS = 40, RESULT_SIZE = 60000 };
    char *result = allocate (1, RESULT_SIZE + 1);
    memset (result, 'x', RESULT_SIZE);
    settlement_t settlements [RESULTS];
    for (size_t i = 0; i < RESULTS; i++)
        settlements [i] = (settlement_t){.lease = i, .outcome = OUTCOME_OK, .result = result};
    message_t got = send (&(message_t){.command = COMMAND_SETTLE,
                                       .session = 1,
                                       .settlements = settlements,
                                       .settlement_count = RESULTS});
    for (size_t i = 0; i < RESULTS; i++)
        assert_string_equal (got.settlements [i].result, result);
    message_clear (&got);
    free (result);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_command_has_a_sample),
        cmocka_unit_test (what_was_decoded_encodes_to_the_same_bytes),
        cmocka_unit_test (a_publish_carries_its_events),
        cmocka_unit_test (an_event_outlives_its_message),
        cmocka_unit_test (a_place_in_a_publish_is_not_looked_at),
        cmocka_unit_test (a_call_and_its_reply_carry_json),
        cmocka_unit_test (a_confirm_says_what_became_of_each_event),
        cmocka_unit_test (a_refusal_and_an_error_carry_a_sentence),
        cmocka_unit_test (a_hello_offers_actions),
        cmocka_unit_test (a_delivery_says_to_whom_and_what),
        cmocka_unit_test (a_settle_says_how_it_went),
        cmocka_unit_test (leases_and_totals_are_whole),
        cmocka_unit_test (what_says_nothing_is_left_out),
        cmocka_unit_test (every_message_that_is_cut_is_refused),
        cmocka_unit_test (every_message_with_a_wrong_byte_has_an_answer),
        cmocka_unit_test (a_message_grows_beyond_the_first_guess_of_its_size),
    };
    return cmocka_run_group_tests_name ("codec", tests, NULL, NULL);
}
