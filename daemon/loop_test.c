#include "daemon/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/clock.h"
#include "proto/model/owned.h"

enum { PATIENCE_MS = 20000 };  //  a test that waits as long has failed

//  Something readable, that notes in a line shared by all of a test that it was its turn.
typedef struct {
    char name;
    char *turns;
    void *socket;
    bell_t *bell;
    int budget;  //  messages it takes a turn
} player_t;

static bool
take (void *context)
{
    player_t *self = (player_t *)context;
    strncat (self->turns, &self->name, 1);
    if (self->bell)
        bell_silence (self->bell);
    for (int i = 0; self->socket && i < self->budget; i++) {
        char byte;
        if (zmq_recv (self->socket, &byte, 1, ZMQ_DONTWAIT) < 0)
            return false;
    }
    return self->socket != NULL;
}

static void
a_deadline_ends_the_wait (void **state)
{
    (void)state;
    OWNED (loop) loop_t *loop = loop_new ();
    int64_t deadline_ms = monotonic_ms () + 3;
    loop_turn (loop, deadline_ms);
    assert_true (monotonic_ms () >= deadline_ms);
    loop_turn (loop, deadline_ms - 1000);
}

static void
many_rings_are_one_and_silence_ends_them (void **state)
{
    (void)state;
    char turns [16] = "";
    OWNED (loop) loop_t *loop = loop_new ();
    OWNED (bell) bell_t *bell = bell_new ();
    player_t player = {.name = 'b', .turns = turns, .bell = bell};
    loop_add_descriptor (loop, bell_descriptor (bell), take, &player);

    loop_turn (loop, 0);
    assert_string_equal (turns, "");
    bell_ring (bell);
    bell_ring (bell);
    loop_turn (loop, INT64_MAX);
    loop_turn (loop, 0);
    assert_string_equal (turns, "b");
    bell_silence (bell);
}

static void *
ring (void *bell)
{
    bell_ring ((bell_t *)bell);
    return NULL;
}

static void
a_ring_of_another_thread_ends_the_wait (void **state)
{
    (void)state;
    char turns [16] = "";
    OWNED (loop) loop_t *loop = loop_new ();
    OWNED (bell) bell_t *bell = bell_new ();
    player_t player = {.name = 'b', .turns = turns, .bell = bell};
    loop_add_descriptor (loop, bell_descriptor (bell), take, &player);

    pthread_t thread;
    pthread_create (&thread, NULL, ring, bell);
    loop_turn (loop, monotonic_ms () + PATIENCE_MS);
    pthread_join (thread, NULL);
    assert_string_equal (turns, "b");
}

/*  Promise of loop.h: a flooded socket has its budget, then the next is served, in their order. */
static void
a_flooded_socket_leaves_its_neighbour_a_turn (void **state)
{
    (void)state;
    char turns [64] = "";
    void *zmq = zmq_ctx_new ();
    void *sockets [4];
    for (int i = 0; i < 4; i++)
        sockets [i] = zmq_socket (zmq, ZMQ_PAIR);
    zmq_bind (sockets [0], "inproc://one");
    zmq_connect (sockets [1], "inproc://one");
    zmq_bind (sockets [2], "inproc://two");
    zmq_connect (sockets [3], "inproc://two");

    OWNED (loop) loop_t *loop = loop_new ();
    player_t one = {.name = '1', .turns = turns, .socket = sockets [0], .budget = 4};
    player_t two = {.name = '2', .turns = turns, .socket = sockets [2], .budget = 4};
    loop_add_socket (loop, sockets [0], take, &one);
    loop_add_socket (loop, sockets [2], take, &two);
    for (int i = 0; i < 10; i++)
        zmq_send (sockets [1], "x", 1, 0);
    zmq_send (sockets [3], "x", 1, 0);

    for (int i = 0; i < 4; i++)
        loop_turn (loop, 0);
    assert_string_equal (turns, "1211");
    for (int i = 0; i < 4; i++)
        zmq_close (sockets [i]);
    zmq_ctx_term (zmq);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_deadline_ends_the_wait),
        cmocka_unit_test (many_rings_are_one_and_silence_ends_them),
        cmocka_unit_test (a_ring_of_another_thread_ends_the_wait),
        cmocka_unit_test (a_flooded_socket_leaves_its_neighbour_a_turn),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
