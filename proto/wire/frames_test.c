//  Peers with bad manners: wrong frames, wrong bytes, wrong sizes, at a link that goes on serving.
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "proto/model/allocate.h"
#include "proto/wire/link.h"

enum { PATIENCE_MS = 20000, TOO_LARGE = 9 << 20 };

//  A server, an honest client and a stranger that may send anything.
typedef struct {
    void *zmq;
    limits_t limits;
    link_t *server, *client;
    void *stranger;
} world_t;

static int
setup (void **state, const char *endpoint)
{
    world_t *world = ALLOCATE (world_t);
    world->zmq = zmq_ctx_new ();
    world->limits = limits_default ();
    link_settings_t settings = {
        .zmq = world->zmq, .endpoint = endpoint, .is_server = true, .limits = &world->limits};
    world->server = link_new (&settings, NULL);
    assert_non_null (world->server);
    settings.endpoint = link_endpoint (world->server);
    settings.is_server = false;
    world->client = link_new (&settings, NULL);
    assert_non_null (world->client);

    int linger_ms = 0;
    world->stranger = zmq_socket (world->zmq, ZMQ_DEALER);
    zmq_setsockopt (world->stranger, ZMQ_LINGER, &linger_ms, sizeof (linger_ms));
    assert_int_equal (zmq_connect (world->stranger, settings.endpoint), 0);
    *state = world;
    return 0;
}

static int
setup_inproc (void **state)
{
    return setup (state, "inproc://frames");
}

static int
setup_tcp (void **state)
{
    return setup (state, "tcp://127.0.0.1:*");
}

static int
teardown (void **state)
{
    world_t *world = *state;
    link_destroy (&world->client);
    link_destroy (&world->server);
    zmq_close (world->stranger);
    zmq_ctx_term (world->zmq);
    free (world);
    return 0;
}

typedef struct {
    const void *bytes;
    size_t size;
} frame_t;

#define FRAME(text)             \
    {                           \
        text, sizeof (text) - 1 \
    }

static void
send_frames (void *socket, const frame_t *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int more = i + 1 < count ? ZMQ_SNDMORE : 0;
        assert_int_equal (zmq_send (socket, frames [i].bytes, frames [i].size, more),
                          frames [i].size);
    }
}

static void
wait_for (void *socket)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll (&item, 1, PATIENCE_MS) != 1)
        fail_msg ("nothing came");
}

//  What the stranger is told.
static void
expect_told (world_t *world, status_t status, const char *text)
{
    uint8_t head [8], body [1000];
    wait_for (world->stranger);
    int head_size = zmq_recv (world->stranger, head, sizeof (head), 0);
    int body_size = zmq_recv (world->stranger, body, sizeof (body), 0);
    assert_int_equal (head_size, 2);
    assert_in_range (body_size, 1, sizeof (body));
    message_t message;
    problem_t problem;
    assert_int_equal (
        message_decode (&message, head, 2, body, (size_t)body_size, &world->limits, &problem),
        STATUS_OK);
    assert_int_equal (message.command, COMMAND_ERROR);
    assert_int_equal (message.status, status);
    assert_string_equal (message.text, text);
    message_clear (&message);
}

static void
expect_refused (world_t *world, status_t status, const char *text)
{
    link_peer_t peer = 9;
    message_t message;
    problem_t problem;
    wait_for (link_socket (world->server));
    assert_int_equal (link_receive (world->server, &peer, &message, &problem), status);
    assert_string_equal (problem.text, text);
    assert_int_equal (peer, 0);
    assert_int_equal (message.command, 0);
}

static void
expect_still_serving (world_t *world)
{
    link_peer_t peer;
    message_t message;
    problem_t problem;
    message_t beat = {.command = COMMAND_HEARTBEAT};
    assert_int_equal (link_send (world->client, 1, &beat), STATUS_OK);
    wait_for (link_socket (world->server));
    assert_int_equal (link_receive (world->server, &peer, &message, &problem), STATUS_OK);
    message_clear (&message);
    assert_int_equal (link_send (world->server, peer, &beat), STATUS_OK);
    wait_for (link_socket (world->client));
    assert_int_equal (link_receive (world->client, &peer, &message, &problem), STATUS_OK);
    message_clear (&message);
}

static void
frames_that_are_no_message_are_answered_and_forgotten (void **state)
{
    world_t *world = *state;
    static const struct {
        frame_t frames [5];
        size_t count;
        const char *text;
    } hostile [] = {
        {{FRAME ("\1\x41")}, 1, "a message has two frames, command and body; this has 1"},
        {{FRAME ("")}, 1, "a message has two frames, command and body; this has 1"},
        {{FRAME ("\1\x41"), FRAME ("\x80"), FRAME ("")},
         3,
         "a message has two frames, command and body; this has 3"},
        {{FRAME (""), FRAME (""), FRAME ("\1\x41"), FRAME ("\x80"), FRAME ("x")},
         5,
         "a message has two frames, command and body; this has 5"},
        {{FRAME (""), FRAME ("")},
         2,
         "a command frame has 2 bytes, version and command; this has 0"},
        {{FRAME ("\1\x41"), FRAME ("")},
         2,
         "HEARTBEAT: the bytes end too early, or are no MessagePack"},
        {{FRAME ("\2\x41"), FRAME ("\x80")},
         2,
         "this is version 2 of the protocol, here version 1 is spoken: run the same release on all "
         "nodes"},
        {{FRAME ("\1\x7f"), FRAME ("\x80")}, 2, "there is no command 0x7f: see PROTOCOL.md"},
    };
    for (size_t i = 0; i < sizeof (hostile) / sizeof *hostile; i++) {
        send_frames (world->stranger, hostile [i].frames, hostile [i].count);
        expect_refused (world, STATUS_BAD_MESSAGE, hostile [i].text);
        expect_told (world, STATUS_BAD_MESSAGE, hostile [i].text);
        expect_still_serving (world);
    }
}

static void
a_bad_message_is_answered_under_its_request_number (void **state)
{
    world_t *world = *state;
    event_t event = {.id = "with.dots",
                     .type = "t",
                     .subject = "/s",
                     .key = "/s",
                     .time = "2026-11-24T03:00:00Z",
                     .given_id = "",
                     .source = "",
                     .content_type = "application/json",
                     .partition = -1};
    event_t *events [] = {&event};
    message_t publish = {
        .command = COMMAND_PUBLISH, .request = 77, .events = events, .event_count = 1};
    assert_int_equal (link_send (world->client, 1, &publish), STATUS_OK);
    const char *text =
        "PUBLISH: events[0]: id: \"with.dots\" has other characters than A-Z, a-z, 0-9, _ and -";
    expect_refused (world, STATUS_BAD_MESSAGE, text);

    link_peer_t peer;
    message_t error;
    problem_t problem;
    wait_for (link_socket (world->client));
    assert_int_equal (link_receive (world->client, &peer, &error, &problem), STATUS_OK);
    assert_int_equal (error.command, COMMAND_ERROR);
    assert_int_equal (error.request, 77);
    assert_string_equal (error.text, text);
    message_clear (&error);
}

//  Otherwise two ends that do not understand each other would talk for ever.
static void
an_error_is_never_answered_with_an_error (void **state)
{
    world_t *world = *state;
    static const frame_t bad_error [] = {FRAME ("\1\x42"), FRAME ("\xc1")};
    static const frame_t newer_error [] = {FRAME ("\2\x42"), FRAME ("\x80")};
    static const frame_t bad_beat [] = {FRAME ("\1\x41"), FRAME ("\xc1")};
    send_frames (world->stranger, bad_error, 2);
    expect_refused (world, STATUS_BAD_MESSAGE,
                    "ERROR: the bytes end too early, or are no MessagePack");
    send_frames (world->stranger, newer_error, 2);
    expect_refused (world, STATUS_BAD_MESSAGE,
                    "this is version 2 of the protocol, here version 1 is spoken: run the same "
                    "release on all nodes");
    send_frames (world->stranger, bad_beat, 2);
    expect_refused (world, STATUS_BAD_MESSAGE,
                    "HEARTBEAT: the bytes end too early, or are no MessagePack");
    expect_told (
        world, STATUS_BAD_MESSAGE,
        "HEARTBEAT: the bytes end too early, or are no MessagePack");  //  and nothing before
}

//  Over inproc ZeroMQ itself does not look at sizes.
static void
a_body_that_is_too_large_is_refused_within_a_process (void **state)
{
    world_t *world = *state;
    uint8_t *large = allocate (1, TOO_LARGE);
    const frame_t frames [] = {FRAME ("\1\x41"), {large, TOO_LARGE}};
    const char *text = "HEARTBEAT: 9437184 bytes are more than limits/frame_bytes (8388608)";
    send_frames (world->stranger, frames, 2);
    expect_refused (world, STATUS_TOO_LARGE, text);
    expect_told (world, STATUS_TOO_LARGE, text);
    expect_still_serving (world);
    free (large);
}

//  Over TCP it ends the connection, before it has taken the bytes in.
static void
a_body_that_is_too_large_ends_a_connection (void **state)
{
    world_t *world = *state;
    uint8_t *large = allocate (1, TOO_LARGE);
    const frame_t frames [] = {FRAME ("\1\x41"), {large, TOO_LARGE}};
    void *monitor = zmq_socket (world->zmq, ZMQ_PAIR);
    zmq_socket_monitor (world->stranger, "inproc://monitor", ZMQ_EVENT_DISCONNECTED);
    assert_int_equal (zmq_connect (monitor, "inproc://monitor"), 0);

    send_frames (world->stranger, frames, 2);
    wait_for (monitor);
    message_t message;
    link_peer_t peer;
    assert_int_equal (link_receive (world->server, &peer, &message, NULL), STATUS_NOT_FOUND);
    expect_still_serving (world);
    zmq_socket_monitor (world->stranger, NULL, 0);
    zmq_close (monitor);
    free (large);
}

static void
a_peer_that_speaks_no_zeromq_is_no_peer (void **state)
{
    world_t *world = *state;
    int port = 0;
    assert_int_equal (sscanf (link_endpoint (world->server), "tcp://127.0.0.1:%d", &port), 1);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons ((uint16_t)port),
                                  .sin_addr = {htonl (INADDR_LOOPBACK)}};
    int browser = socket (AF_INET, SOCK_STREAM, 0);
    assert_int_equal (connect (browser, (struct sockaddr *)&address, sizeof (address)), 0);
    static const char request [] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_int_equal (send (browser, request, sizeof (request) - 1, MSG_NOSIGNAL),
                      sizeof (request) - 1);
    expect_still_serving (world);
    close (browser);
    expect_still_serving (world);
}

int
main (void)
{
#define TEST(name, transport) cmocka_unit_test_setup_teardown (name, setup_##transport, teardown)
    const struct CMUnitTest tests [] = {
        TEST (frames_that_are_no_message_are_answered_and_forgotten, inproc),
        TEST (frames_that_are_no_message_are_answered_and_forgotten, tcp),
        TEST (a_bad_message_is_answered_under_its_request_number, tcp),
        TEST (an_error_is_never_answered_with_an_error, tcp),
        TEST (a_body_that_is_too_large_is_refused_within_a_process, inproc),
        TEST (a_body_that_is_too_large_ends_a_connection, tcp),
        TEST (a_peer_that_speaks_no_zeromq_is_no_peer, tcp),
    };
    return cmocka_run_group_tests_name ("frames", tests, NULL, NULL);
}
