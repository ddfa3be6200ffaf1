#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

#include "proto/keys/curve.h"
#include "proto/keys/zap.h"

enum { PATIENCE_MS = 30000, KEY_BYTES = 32, FRAMES_MOST = 16 };

typedef struct {
    void *zmq;
    zap_t *zap;
    void *asker;  //  as libzmq asks
    char allowed [KEY_TEXT_SIZE];
    zap_question_t question;  //  the last one that was judged
    char address [300];
    int judged;
} world_t;

static bool
judge (void *context, const zap_question_t *question)
{
    world_t *world = context;
    world->judged++;
    world->question = *question;
    snprintf (world->address, sizeof world->address, "%s", question->address);
    return strcmp (question->public_key, world->allowed) == 0;
}

static int
make_world (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    world->zmq = zmq_ctx_new ();
    world->zap = zap_new (world->zmq, judge, world, NULL);
    assert_non_null (world->zap);
    world->asker = zmq_socket (world->zmq, ZMQ_DEALER);
    assert_int_equal (zmq_connect (world->asker, "inproc://zeromq.zap.01"), 0);
    *state = world;
    return 0;
}

static int
end_world (void **state)
{
    world_t *world = *state;
    int linger_ms = 0;
    zmq_setsockopt (world->asker, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_close (world->asker);
    zap_destroy (&world->zap);
    zmq_ctx_term (world->zmq);
    test_free (world);
    return 0;
}

static void
ask (world_t *world, const char *const *frames, const size_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true (
            zmq_send (world->asker, frames [i], sizes [i], i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    zmq_pollitem_t item = {.socket = zap_socket (world->zap), .events = ZMQ_POLLIN};
    assert_int_equal (zmq_poll (&item, 1, PATIENCE_MS), 1);
    while (zap_ready (world->zap))
        ;
}

//  A question in good form about 32 bytes of a key, but for what is changed. more: frames after it.
static void
ask_with (world_t *world, size_t changed, const char *bytes, size_t size, size_t more)
{
    static const char key [KEY_BYTES] = "0123456789abcdef0123456789abcde";
    const char *frames [FRAMES_MOST] = {"", "1.0", "r1", "front", "10.0.0.7", "id", "CURVE", key};
    size_t sizes [FRAMES_MOST] = {0, 3, 2, 5, 8, 2, 5, KEY_BYTES};
    for (size_t i = 8; i < 8 + more; i++)
        frames [i] = "";
    frames [changed] = bytes;
    sizes [changed] = size;
    ask (world, frames, sizes, 8 + more);
}

//  The answer's frames as one text, with / between them. "": there is none.
static const char *
answer (world_t *world)
{
    static char text [600];
    text [0] = 0;
    char frame [300];
    int has_more = 1;
    size_t more_size = sizeof has_more;
    while (has_more) {
        int size = zmq_recv (world->asker, frame, sizeof frame - 1, ZMQ_DONTWAIT);
        if (size < 0)
            break;
        frame [size] = 0;
        strcat (strcat (text, frame), "/");
        zmq_getsockopt (world->asker, ZMQ_RCVMORE, &has_more, &more_size);
    }
    return text;
}

static void
allow_the_key (world_t *world)
{
    zmq_z85_encode (world->allowed, (const uint8_t *)"0123456789abcdef0123456789abcde", KEY_BYTES);
}

static void
a_key_that_is_allowed_becomes_the_user (void **state)
{
    world_t *world = *state;
    allow_the_key (world);
    ask_with (world, 1, "1.0", 3, 0);
    char expected [200];
    snprintf (expected, sizeof expected, "/1.0/r1/200//%s//", world->allowed);
    assert_string_equal (answer (world), expected);
    assert_string_equal (world->address, "10.0.0.7");
    assert_int_equal (world->question.door, DOOR_FRONT);
}

static void
any_other_is_refused (void **state)
{
    world_t *world = *state;
    ask_with (world, 3, "back", 4, 0);
    assert_string_equal (answer (world), "/1.0/r1/400/this key is not allowed here///");
    assert_int_equal (world->question.door, DOOR_BACK);
}

static void
who_asks_badly_is_refused_unjudged (void **state)
{
    world_t *world = *state;
    allow_the_key (world);
    static char long_text [300];
    memset (long_text, 'x', sizeof long_text);
    const struct {
        size_t frame;
        const char *bytes;
        size_t size, more;
    } askings [] = {
        {1, "2.0", 3, 0},       {3, "", 0, 0},         {3, "kitchen", 7, 0},  {3, "fron", 4, 0},
        {3, long_text, 300, 0}, {6, "NULL", 4, 0},     {6, "PLAIN", 5, 0},    {6, "CURVES", 6, 0},
        {6, long_text, 300, 0}, {7, long_text, 31, 0}, {7, long_text, 33, 0}, {7, "", 0, 0},
        {1, "1.0", 3, 1},       {1, "1.0", 3, 8},
    };
    for (size_t i = 0; i < sizeof askings / sizeof *askings; i++) {
        ask_with (world, askings [i].frame, askings [i].bytes, askings [i].size, askings [i].more);
        assert_memory_equal (answer (world), "/1.0/r1/400/", 12);
    }
    assert_int_equal (world->judged, 0);
}

static void
what_is_no_question_is_not_answered (void **state)
{
    world_t *world = *state;
    allow_the_key (world);
    const char *frames [] = {"", "1.0", "r1"};
    for (size_t count = 1; count <= 3; count++) {
        ask (world, frames, (const size_t []){0, 3, 2}, count);
        assert_string_equal (answer (world), "");
    }
    ask_with (world, 0, "full", 4, 0);
    assert_string_equal (answer (world), "");
    ask_with (world, 1, "1.0", 3, 0);  //  and the next one is, as ever
    assert_memory_equal (answer (world), "/1.0/r1/200/", 12);
}

static void
an_address_of_any_length_is_cut (void **state)
{
    world_t *world = *state;
    char address [400];
    memset (address, '1', sizeof address);
    ask_with (world, 4, address, sizeof address, 0);
    assert_int_equal (strlen (world->address), 255);
}

static void
a_context_has_one_handler (void **state)
{
    world_t *world = *state;
    problem_t problem;
    assert_null (zap_new (world->zmq, judge, world, &problem));
    assert_non_null (strstr (problem.text, "by another broker in it already"));
}

static void
a_door_is_shut_before_it_is_bound (void **state)
{
    world_t *world = *state;
    node_key_t own;
    problem_t problem;
    assert_int_equal (node_key_make ("b", NODE_BROKER, &own, &problem), STATUS_OK);
    void *door = zmq_socket (world->zmq, ZMQ_ROUTER);
    assert_int_equal (curve_serve (door, &own, DOOR_BACK, &problem), STATUS_OK);
    char domain [20];
    int mechanism;
    size_t size = sizeof domain, mechanism_size = sizeof mechanism;
    assert_int_equal (zmq_getsockopt (door, ZMQ_ZAP_DOMAIN, domain, &size), 0);
    assert_string_equal (domain, "back");
    assert_int_equal (zmq_getsockopt (door, ZMQ_MECHANISM, &mechanism, &mechanism_size), 0);
    assert_int_equal (mechanism, ZMQ_CURVE);
    zmq_close (door);
}

int
main (void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, make_world, end_world)
    const struct CMUnitTest tests [] = {
        IN_WORLD (a_key_that_is_allowed_becomes_the_user),
        IN_WORLD (any_other_is_refused),
        IN_WORLD (who_asks_badly_is_refused_unjudged),
        IN_WORLD (what_is_no_question_is_not_answered),
        IN_WORLD (an_address_of_any_length_is_cut),
        IN_WORLD (a_context_has_one_handler),
        IN_WORLD (a_door_is_shut_before_it_is_bound),
    };
    return cmocka_run_group_tests_name ("zap", tests, NULL, NULL);
}
