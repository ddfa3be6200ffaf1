#include "broker/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { SESSION = 7, SUBSCRIPTIONS = 200 };

typedef struct {
    limits_t limits;
    outbox_t *outbox;
    subscription_t *subscriptions [SUBSCRIPTIONS];
    uint64_t number;
} world_t;

static subscription_t *
make_subscription (const world_t *world, int number)
{
    json_t *document = json_pack ("{s:{s:s}, s:{s:s}}", "match", "type", "a.b", "deliver", "url",
                                  "http://127.0.0.1:9/hook");
    char id [16];
    snprintf (id, sizeof id, "s%d", number);
    json_object_set_new (document, "id", json_string (id));
    problem_t problem = {0};
    subscription_t *made = subscription_new (document, 1, &world->limits, &problem);
    json_decref (document);
    if (!made)
        fail_msg ("%s", problem.text);
    return made;
}

static int
set_up (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    world->limits = limits_default ();
    world->outbox = outbox_new (SESSION, &world->limits);
    for (int i = 0; i < SUBSCRIPTIONS; i++)
        world->subscriptions [i] = make_subscription (world, i);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    for (int i = 0; i < SUBSCRIPTIONS; i++)
        subscription_destroy (&world->subscriptions [i]);
    outbox_destroy (&world->outbox);
    test_free (world);
    return 0;
}

static effect_t
deliver_effect (world_t *world, int subscription, event_t *event)
{
    effect_t effect = {.kind = EFFECT_DELIVER, .session = SESSION};
    effect.deliver.lease = effect.deliver.number = ++world->number;
    effect.deliver.subscription = world->subscriptions [subscription];
    effect.deliver.event = event;
    return effect;
}

static event_t *
make_event (size_t data_size)
{
    uint8_t *data = allocate (data_size, 1);
    event_t *event = event_new (&(event_t){.id = "e",
                                           .type = "a.b",
                                           .subject = "/s",
                                           .time = "2026-11-24T03:00:00Z",
                                           .data = data,
                                           .data_size = data_size});
    free (data);
    return event;
}

static void
every_delivery_names_the_target_of_its_subscription (void **state)
{
    world_t *world = *state;
    OWNED (event) event_t *event = make_event (10);
    for (int i = 0; i < 3 * SUBSCRIPTIONS; i++) {
        effect_t effect = deliver_effect (world, i % SUBSCRIPTIONS, event);
        assert_true (outbox_takes_delivery (world->outbox, &effect));
        outbox_add_delivery (world->outbox, &effect);
    }
    message_t message;
    assert_true (outbox_deliveries (world->outbox, &message));
    assert_int_equal (message.delivery_count, 3 * SUBSCRIPTIONS);
    for (size_t i = 0; i < message.delivery_count; i++) {
        assert_true (message.deliveries [i].target < message.target_count);
        assert_string_equal (message.targets [message.deliveries [i].target].subscription,
                             world->subscriptions [i % SUBSCRIPTIONS]->id);
    }
}

static void
of_one_subscription_there_is_one_target (void **state)
{
    world_t *world = *state;
    OWNED (event) event_t *event = make_event (10);
    for (int i = 0; i < 100; i++) {
        effect_t effect = deliver_effect (world, 0, event);
        outbox_add_delivery (world->outbox, &effect);
    }
    message_t message;
    assert_true (outbox_deliveries (world->outbox, &message));
    assert_int_equal (message.target_count, 1);
}

//  Sends as back does: as many as it takes, then a new message; each within a frame.
static void
no_message_is_larger_than_a_frame (void **state)
{
    world_t *world = *state;
    OWNED (event) event_t *event = make_event ((size_t)world->limits.event_bytes);
    size_t messages = 0, delivered = 0;
    for (int i = 0; i < 40; i++) {
        effect_t effect = deliver_effect (world, i, event);
        if (i == 39 || !outbox_takes_delivery (world->outbox, &effect)) {
            message_t message;
            assert_true (outbox_deliveries (world->outbox, &message));
            uint8_t *body;
            size_t size;
            message_encode (&message, &body, &size);
            assert_true (size <= (size_t)world->limits.frame_bytes);
            free (body);
            messages++;
            delivered += message.delivery_count;
            outbox_clear (world->outbox, SESSION);
        }
        outbox_add_delivery (world->outbox, &effect);
    }
    assert_int_equal (delivered, 39);
    assert_true (messages >= 5 && messages <= 7);
}

static void
a_message_has_no_more_deliveries_than_the_limit (void **state)
{
    world_t *world = *state;
    OWNED (event) event_t *event = make_event (1);
    for (int64_t i = 0; i < world->limits.batch_events; i++) {
        effect_t effect = deliver_effect (world, 0, event);
        assert_true (outbox_takes_delivery (world->outbox, &effect));
        outbox_add_delivery (world->outbox, &effect);
    }
    effect_t effect = deliver_effect (world, 0, event);
    assert_false (outbox_takes_delivery (world->outbox, &effect));
}

static void
another_sessions_words_wait_until_it_is_cleared (void **state)
{
    world_t *world = *state;
    OWNED (event) event_t *event = make_event (1);
    effect_t effect = deliver_effect (world, 0, event);
    effect.session = SESSION + 1;
    assert_false (outbox_takes_delivery (world->outbox, &effect));
    outbox_clear (world->outbox, SESSION + 1);
    assert_true (outbox_takes_delivery (world->outbox, &effect));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
#define PLAY(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)
        PLAY (every_delivery_names_the_target_of_its_subscription),
        PLAY (of_one_subscription_there_is_one_target),
        PLAY (no_message_is_larger_than_a_frame),
        PLAY (a_message_has_no_more_deliveries_than_the_limit),
        PLAY (another_sessions_words_wait_until_it_is_cleared),
#undef PLAY
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
