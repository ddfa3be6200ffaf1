#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "proto/model/allocate.h"
#include "proto/wire/link.h"
#include "proto/wire/sample.h"

enum { PATIENCE_MS = 20000, STEP_MS = 10, CLIENTS = 100 };

typedef struct {
    void *zmq;
    limits_t limits;
    link_t *links [CLIENTS + 2];  //  that are open; a test that fails leaves some
    size_t link_count;
} world_t;

static int
setup (void **state)
{
    world_t *world = ALLOCATE (world_t);
    world->zmq = zmq_ctx_new ();
    world->limits = limits_default ();
    *state = world;
    return 0;
}

static int
teardown (void **state)
{
    world_t *world = *state;
    while (world->link_count > 0)
        link_destroy (&world->links [--world->link_count]);
    zmq_ctx_term (world->zmq);
    free (world);
    return 0;
}

static link_t *
open_link (world_t *world, const char *endpoint, bool is_server)
{
    problem_t problem;
    link_settings_t settings = {
        .zmq = world->zmq, .endpoint = endpoint, .is_server = is_server, .limits = &world->limits};
    link_t *link = link_new (&settings, &problem);
    if (!link)
        fail_msg ("%s", problem.text);
    assert_in_range (world->link_count, 0, sizeof (world->links) / sizeof *world->links - 1);
    world->links [world->link_count++] = link;
    return link;
}

static void
close_link (world_t *world, link_t *link)
{
    size_t at = 0;
    while (world->links [at] != link)
        at++;
    world->links [at] = world->links [--world->link_count];
    link_destroy (&link);
}

static link_t *
connect_to (world_t *world, link_t *server)
{
    return open_link (world, link_endpoint (server), false);
}

static bool
is_readable (void *socket, long timeout_ms)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    return zmq_poll (&item, 1, timeout_ms) > 0;
}

static status_t
receive (link_t *link, link_peer_t *peer, message_t *message, problem_t *problem)
{
    *problem = (problem_t){0};
    if (!is_readable (link_socket (link), PATIENCE_MS))
        fail_msg ("%s: nothing came", link_endpoint (link));
    return link_receive (link, peer, message, problem);
}

//  Waits for a message of this command, and clears it.
static link_peer_t
expect (link_t *link, command_t command)
{
    link_peer_t peer;
    message_t message;
    problem_t problem;
    if (receive (link, &peer, &message, &problem))
        fail_msg ("%s: %s", link_endpoint (link), problem.text);
    assert_string_equal (command_name (message.command), command_name (command));
    message_clear (&message);
    return peer;
}

static void
expect_error (link_t *client, status_t status, uint64_t request, const char *text)
{
    link_peer_t peer;
    message_t message;
    problem_t problem;
    assert_int_equal (receive (client, &peer, &message, &problem), STATUS_OK);
    assert_int_equal (message.command, COMMAND_ERROR);
    assert_int_equal (message.status, status);
    assert_int_equal (message.request, request);
    assert_string_equal (message.text, text);
    message_clear (&message);
}

static status_t
beat (link_t *link, link_peer_t peer)
{
    return link_send (link, peer, &(message_t){.command = COMMAND_HEARTBEAT});
}

//  Until the answer changes, since a socket learns of its peers by and by.
static status_t
beat_until (link_t *link, link_peer_t peer, status_t wanted)
{
    status_t status = beat (link, peer);
    for (int waited_ms = 0; status != wanted && waited_ms < PATIENCE_MS; waited_ms += STEP_MS) {
        is_readable (link_socket (link), STEP_MS);
        status = beat (link, peer);
    }
    return status;
}

//  ---- The road

static void
exchange_samples (world_t *world, const char *endpoint)
{
    link_t *server = open_link (world, endpoint, true);
    link_t *client = connect_to (world, server);
    for (size_t i = 0; i < sample_count (); i++) {
        const message_t *sample = sample_at (i);
        assert_int_equal (link_send (client, 1, sample), STATUS_OK);
        assert_int_equal (expect (server, sample->command), 1);
        assert_int_equal (link_send (server, 1, sample), STATUS_OK);
        assert_int_equal (expect (client, sample->command), 1);
    }
    close_link (world, client);
    close_link (world, server);
}

static void
every_message_travels_both_ways (void **state)
{
    world_t *world = *state;
    char path [64];
    snprintf (path, sizeof (path), "ipc:///tmp/tocsin-link-%d", (int)getpid ());
    exchange_samples (world, "inproc://both-ways");
    exchange_samples (world, "tcp://127.0.0.1:*");
    exchange_samples (world, "tcp://[::1]:*");
    exchange_samples (world, path);
}

static void
who_binds_any_port_knows_which (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "tcp://localhost:*", true);
    int port = 0;
    assert_int_equal (sscanf (link_endpoint (server), "tcp://127.0.0.1:%d", &port), 1);
    assert_true (port > 0);
    close_link (world, server);
}

static void
nothing_is_there_before_something_comes (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "inproc://quiet", true);
    link_peer_t peer;
    message_t message;
    assert_int_equal (link_receive (server, &peer, &message, NULL), STATUS_NOT_FOUND);
    assert_int_equal (peer, 0);
    close_link (world, server);
}

//  Inproc does not mind in which order the two ends come, nor does TCP.
static void
a_client_may_come_before_its_server (void **state)
{
    world_t *world = *state;
    link_t *client = open_link (world, "inproc://later", false);
    assert_int_equal (beat (client, 1), STATUS_OK);
    link_t *server = open_link (world, "inproc://later", true);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
    close_link (world, client);
    close_link (world, server);
}

//  ---- Opening

static void
expect_unopened (world_t *world, const char *endpoint, bool is_server, status_t status,
                 const char *text)
{
    problem_t problem;
    link_settings_t settings = {
        .zmq = world->zmq, .endpoint = endpoint, .is_server = is_server, .limits = &world->limits};
    assert_null (link_new (&settings, &problem));
    assert_int_equal (problem.status, status);
    assert_string_equal (problem.text, text);
}

static void
what_cannot_be_opened_is_told_why (void **state)
{
    world_t *world = *state;
    expect_unopened (
        world, "tcp://192.0.2.1:7101", false, STATUS_BAD_SETTING,
        "tcp://192.0.2.1:7101 is another host, and without keys only this machine is spoken with: "
        "make some (`tocsin keygen`, docs/keys.md), or write 127.0.0.1, ::1 or ipc://PATH");
    expect_unopened (world, "tcp://127.0.0.1:*", false, STATUS_BAD_SETTING,
                     "tcp://127.0.0.1:* is no endpoint: write tcp://HOST:PORT");
    expect_unopened (
        world, "ipc:///no/such/directory/front", true, STATUS_SYSTEM,
        "ipc:///no/such/directory/front: cannot listen there: No such file or directory");
}

static void
a_port_in_use_is_told_with_what_to_do (void **state)
{
    world_t *world = *state;
    link_t *first = open_link (world, "tcp://127.0.0.1:*", true);
    char text [200];
    snprintf (text, sizeof (text), "%s is in use: stop what listens there, or choose another",
              link_endpoint (first));
    expect_unopened (world, link_endpoint (first), true, STATUS_SYSTEM, text);
    close_link (world, first);
}

static void
a_link_that_is_not_there_can_be_destroyed (void **state)
{
    (void)state;
    link_t *link = NULL;
    link_destroy (&link);
}

//  ---- Peers

static void
each_answer_reaches_its_own_peer (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "tcp://127.0.0.1:*", true);
    link_t *clients [CLIENTS];
    for (uint64_t i = 0; i < CLIENTS; i++) {
        clients [i] = connect_to (world, server);
        message_t call = {.command = COMMAND_CALL, .request = i, .method = "status"};
        assert_int_equal (link_send (clients [i], 1, &call), STATUS_OK);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        link_peer_t peer;
        message_t call;
        problem_t problem;
        assert_int_equal (receive (server, &peer, &call, &problem), STATUS_OK);
        assert_int_equal (peer, i + 1);
        message_t reply = {.command = COMMAND_REPLY, .request = call.request};
        assert_int_equal (link_send (server, peer, &reply), STATUS_OK);
        message_clear (&call);
    }
    for (uint64_t i = 0; i < CLIENTS; i++) {
        link_peer_t peer;
        message_t reply;
        problem_t problem;
        assert_int_equal (receive (clients [i], &peer, &reply, &problem), STATUS_OK);
        assert_int_equal (reply.request, i);
        message_clear (&reply);
        close_link (world, clients [i]);
    }
    close_link (world, server);
}

static void
a_peer_that_is_gone_is_an_answer (void **state)
{
    world_t *world = *state;
    static const char *const endpoints [] = {"tcp://127.0.0.1:*", "inproc://gone"};
    for (size_t i = 0; i < sizeof (endpoints) / sizeof *endpoints; i++) {
        link_t *server = open_link (world, endpoints [i], true);
        link_t *client = connect_to (world, server);
        assert_int_equal (beat (client, 1), STATUS_OK);
        assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
        close_link (world, client);
        assert_int_equal (beat_until (server, 1, STATUS_NOT_FOUND), STATUS_NOT_FOUND);
        assert_int_equal (beat (server, 1), STATUS_NOT_FOUND);

        client = connect_to (world, server);
        assert_int_equal (beat (client, 1), STATUS_OK);
        assert_int_equal (expect (server, COMMAND_HEARTBEAT), 2);
        close_link (world, client);
        close_link (world, server);
    }
}

static void
a_peer_nobody_knows_is_not_found (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "inproc://unknown", true);
    link_t *client = connect_to (world, server);
    assert_int_equal (beat (server, 1), STATUS_NOT_FOUND);
    assert_int_equal (beat (client, 1), STATUS_OK);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
    link_forget (server, 1);
    link_forget (server, 1);
    link_forget (client, 1);
    assert_int_equal (beat (server, 1), STATUS_NOT_FOUND);

    //  It is a stranger when it speaks again.
    assert_int_equal (beat (client, 1), STATUS_OK);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 2);
    assert_int_equal (beat (server, 2), STATUS_OK);
    close_link (world, client);
    close_link (world, server);
}

static void
a_stranger_beyond_the_limit_is_told_so (void **state)
{
    world_t *world = *state;
    world->limits.sessions = 2;
    link_t *server = open_link (world, "inproc://few", true);
    link_t *clients [3];
    for (size_t i = 0; i < 3; i++) {
        clients [i] = connect_to (world, server);
        assert_int_equal (link_send (clients [i], 1, sample_of (COMMAND_CALL)), STATUS_OK);
    }
    assert_int_equal (expect (server, COMMAND_CALL), 1);
    assert_int_equal (expect (server, COMMAND_CALL), 2);
    link_peer_t peer;
    message_t message;
    problem_t problem;
    assert_int_equal (receive (server, &peer, &message, &problem), STATUS_FULL);
    assert_int_equal (peer, 0);
    assert_int_equal (message.command, 0);
    expect_error (clients [2], STATUS_FULL, 8,
                  "limits/sessions (2) are here already: repeat later");

    assert_int_equal (beat (clients [0], 1), STATUS_OK);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
    link_forget (server, 2);
    assert_int_equal (beat (clients [2], 1), STATUS_OK);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 3);
    for (size_t i = 0; i < 3; i++)
        close_link (world, clients [i]);
    close_link (world, server);
}

static void
a_client_finds_a_server_that_was_restarted (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "tcp://127.0.0.1:*", true);
    char *endpoint = allocate_copy (link_endpoint (server));
    link_t *client = open_link (world, endpoint, false);
    assert_int_equal (beat (client, 1), STATUS_OK);
    expect (server, COMMAND_HEARTBEAT);
    close_link (world, server);

    link_settings_t settings = {
        .zmq = world->zmq, .endpoint = endpoint, .is_server = true, .limits = &world->limits};
    server = NULL;
    for (int waited_ms = 0; !server && waited_ms < PATIENCE_MS; waited_ms += STEP_MS) {
        server = link_new (&settings, NULL);  //  the old one is closed in the background
        is_readable (link_socket (client), server ? 0 : STEP_MS);
    }
    assert_non_null (server);
    world->links [world->link_count++] = server;
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += STEP_MS) {
        beat (client, 1);
        if (is_readable (link_socket (server), STEP_MS))
            break;
    }
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
    assert_int_equal (beat (server, 1), STATUS_OK);
    expect (client, COMMAND_HEARTBEAT);
    close_link (world, client);
    close_link (world, server);
    free (endpoint);
}

//  ---- Full pipes

static void
a_peer_that_does_not_read_is_full_until_it_does (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "inproc://full", true);
    link_t *client = connect_to (world, server);
    link_t *other = connect_to (world, server);
    assert_int_equal (beat (client, 1), STATUS_OK);
    assert_int_equal (beat (other, 1), STATUS_OK);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 1);
    assert_int_equal (expect (server, COMMAND_HEARTBEAT), 2);

    int sent = 0;
    while (beat (server, 1) == STATUS_OK)
        assert_true (++sent < 10000);
    assert_true (sent >= 1000);
    assert_int_equal (beat (server, 1), STATUS_FULL);
    assert_int_equal (beat (server, 2), STATUS_OK);  //  one that is slow stops nobody else
    expect (other, COMMAND_HEARTBEAT);

    for (int i = 0; i < sent; i++)
        expect (client, COMMAND_HEARTBEAT);
    assert_int_equal (beat_until (server, 1, STATUS_OK), STATUS_OK);
    close_link (world, client);
    close_link (world, other);
    close_link (world, server);
}

static void
a_full_peer_that_dies_is_gone (void **state)
{
    world_t *world = *state;
    link_t *server = open_link (world, "inproc://full-and-dead", true);
    link_t *client = connect_to (world, server);
    assert_int_equal (beat (client, 1), STATUS_OK);
    expect (server, COMMAND_HEARTBEAT);
    while (beat (server, 1) == STATUS_OK)
        ;
    close_link (world, client);
    assert_int_equal (beat_until (server, 1, STATUS_NOT_FOUND), STATUS_NOT_FOUND);
    close_link (world, server);
}

static void
a_client_without_a_server_is_full_one_day (void **state)
{
    world_t *world = *state;
    char path [64];
    snprintf (path, sizeof (path), "ipc:///tmp/tocsin-nobody-%d", (int)getpid ());
    link_t *client = open_link (world, path, false);
    int sent = 0;
    while (beat (client, 1) == STATUS_OK)
        assert_true (++sent < 10000);
    assert_int_equal (sent, 1000);
    assert_int_equal (beat (client, 1), STATUS_FULL);
    close_link (world, client);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests [] = {
        TEST (every_message_travels_both_ways),
        TEST (who_binds_any_port_knows_which),
        TEST (nothing_is_there_before_something_comes),
        TEST (a_client_may_come_before_its_server),
        TEST (what_cannot_be_opened_is_told_why),
        TEST (a_port_in_use_is_told_with_what_to_do),
        TEST (a_link_that_is_not_there_can_be_destroyed),
        TEST (each_answer_reaches_its_own_peer),
        TEST (a_peer_that_is_gone_is_an_answer),
        TEST (a_peer_nobody_knows_is_not_found),
        TEST (a_stranger_beyond_the_limit_is_told_so),
        TEST (a_client_finds_a_server_that_was_restarted),
        TEST (a_peer_that_does_not_read_is_full_until_it_does),
        TEST (a_full_peer_that_dies_is_gone),
        TEST (a_client_without_a_server_is_full_one_day),
    };
    return cmocka_run_group_tests_name ("link", tests, NULL, NULL);
}
