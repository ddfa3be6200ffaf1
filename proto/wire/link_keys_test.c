#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include <cmocka.h>

#include "proto/keys/zap.h"
#include "proto/wire/door_try.h"
#include "proto/wire/feed_link.h"
#include "proto/wire/link.h"

enum { PATIENCE_MS = 30000, TURN_MS = 10, SHORT_MS = 300 };

//  A broker's back with keys, whose handler the test plays, and who wants to speak with it.
typedef struct {
    void *zmq;
    char folder [64];
    limits_t limits;
    node_key_t broker, worker, stranger;
    allow_list_t *allowed;
    zap_t *zap;
    link_t *back;
} world_t;

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
judge (void *context, const zap_question_t *question)
{
    const world_t *world = context;
    const allowed_t *allowed = allow_list_find (world->allowed, question->public_key);
    return allowed && node_role_opens (allowed->key.role, question->door);
}

static void
read_list (world_t *world)
{
    allow_changes_t changes;
    problem_t problem = {0};
    if (allow_list_read (world->allowed, &changes, &problem))
        fail_msg ("%s", problem.text);
}

static link_t *
open_link (world_t *world, const char *endpoint, bool is_server, const link_keys_t *keys)
{
    link_settings_t settings = {.zmq = world->zmq,
                                .endpoint = endpoint,
                                .is_server = is_server,
                                .limits = &world->limits,
                                .keys = keys};
    problem_t problem = {0};
    link_t *link = link_new (&settings, &problem);
    if (!link)
        fail_msg ("%s", problem.text);
    return link;
}

static link_t *
open_client (world_t *world, const node_key_t *own, const node_key_t *broker)
{
    link_keys_t keys = {.own = own, .broker = broker->public_key};
    return open_link (world, link_endpoint (world->back), false, &keys);
}

static void
make (node_key_t *key, const char *name, node_role_t role)
{
    assert_int_equal (node_key_make (name, role, key, NULL), STATUS_OK);
}

static int
make_world (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    world->zmq = zmq_ctx_new ();
    world->limits = limits_default ();
    snprintf (world->folder, sizeof world->folder, "/tmp/tocsin-link-keys-XXXXXX");
    assert_non_null (mkdtemp (world->folder));
    make (&world->broker, "broker-1", NODE_BROKER);
    make (&world->worker, "worker-1", NODE_WORKER);
    make (&world->stranger, "stranger", NODE_WORKER);
    assert_int_equal (node_key_write (&world->worker, world->folder, NULL), STATUS_OK);
    world->allowed = allow_list_new (world->folder, &world->broker);
    read_list (world);
    world->zap = zap_new (world->zmq, judge, world, NULL);
    link_keys_t keys = {.own = &world->broker, .allowed = world->allowed, .door = DOOR_BACK};
    world->back = open_link (world, "tcp://127.0.0.1:*", true, &keys);
    *state = world;
    return 0;
}

static int
remove_entry (const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove (path);
}

static int
end_world (void **state)
{
    world_t *world = *state;
    link_destroy (&world->back);
    zap_destroy (&world->zap);
    allow_list_destroy (&world->allowed);
    zmq_ctx_term (world->zmq);
    nftw (world->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    test_free (world);
    return 0;
}

//  A turn of the broker: questions are answered, and the next message, if there is one, is heard.
static status_t
turn (world_t *world, link_peer_t *peer, problem_t *problem)
{
    zmq_pollitem_t items [] = {{.socket = zap_socket (world->zap), .events = ZMQ_POLLIN},
                               {.socket = link_socket (world->back), .events = ZMQ_POLLIN}};
    zmq_poll (items, 2, TURN_MS);
    zap_ready (world->zap);
    message_t message;
    status_t status = link_receive (world->back, peer, &message, problem);
    message_clear (&message);
    return status;
}

//  Turns until something was heard. NOT_FOUND: nothing for so long.
static status_t
hear_within (world_t *world, int64_t patience_ms, link_peer_t *peer, problem_t *problem)
{
    status_t status = STATUS_NOT_FOUND;
    for (int64_t until_ms = now_ms () + patience_ms;
         status == STATUS_NOT_FOUND && now_ms () < until_ms;)
        status = turn (world, peer, problem);
    return status;
}

static link_peer_t
hear (world_t *world)
{
    link_peer_t peer = 0;
    problem_t problem = {0};
    status_t status = hear_within (world, PATIENCE_MS, &peer, &problem);
    if (status)
        fail_msg ("%s", status == STATUS_NOT_FOUND ? "nothing was heard" : problem.text);
    return peer;
}

static void
say (link_t *client)
{
    message_t message = {.command = COMMAND_HEARTBEAT, .session = 1};
    assert_int_equal (link_send (client, 1, &message), STATUS_OK);
}

//  What hinders a client, when something does.
static problem_t
trouble_of (world_t *world, link_t *client)
{
    problem_t problem = {0};
    link_peer_t peer;
    for (int64_t until_ms = now_ms () + PATIENCE_MS; now_ms () < until_ms;) {
        if (link_trouble (client, &problem))
            return problem;
        turn (world, &peer, NULL);
    }
    fail_msg ("nothing hindered it");
    return problem;
}

static void
who_is_allowed_is_heard_and_known (void **state)
{
    world_t *world = *state;
    link_t *client = open_client (world, &world->worker, &world->broker);
    say (client);
    link_peer_t peer = hear (world);
    assert_true (link_allows (world->back, peer));
    assert_string_equal (link_key (world->back, peer)->name, "worker-1");
    message_t answer = {.command = COMMAND_HEARTBEAT, .session = 2};
    assert_int_equal (link_send (world->back, peer, &answer), STATUS_OK);
    zmq_pollitem_t item = {.socket = link_socket (client), .events = ZMQ_POLLIN};
    assert_int_equal (zmq_poll (&item, 1, PATIENCE_MS), 1);
    message_t heard;
    assert_int_equal (link_receive (client, &peer, &heard, NULL), STATUS_OK);
    assert_int_equal (heard.session, 2);
    message_clear (&heard);
    link_destroy (&client);
}

static void
an_unknown_key_is_refused_and_told_what_to_do (void **state)
{
    world_t *world = *state;
    link_t *client = open_client (world, &world->stranger, &world->broker);
    say (client);
    problem_t problem = trouble_of (world, client);
    assert_int_equal (problem.status, STATUS_FORBIDDEN);
    assert_non_null (strstr (problem.text, "refuses the key of stranger: copy its .public file"));
    link_peer_t peer;
    assert_int_equal (hear_within (world, SHORT_MS, &peer, NULL), STATUS_NOT_FOUND);
    link_destroy (&client);
}

//  It comes a moment after the client's.
static trouble_t
trouble_at (world_t *world, link_t *router)
{
    trouble_t trouble;
    link_peer_t peer;
    int64_t until_ms = now_ms () + PATIENCE_MS;
    while ((trouble = link_next_trouble (router)) == TROUBLE_NONE && now_ms () < until_ms)
        turn (world, &peer, NULL);
    return trouble;
}

static void
the_key_of_another_broker_is_told_on_both_sides (void **state)
{
    world_t *world = *state;
    link_t *client = open_client (world, &world->worker, &world->stranger);
    say (client);
    problem_t problem = trouble_of (world, client);
    assert_non_null (strstr (problem.text, "is the file of keys/brokers that broker's"));
    assert_int_equal (trouble_at (world, world->back), TROUBLE_WRONG_KEY);
    link_destroy (&client);
}

static void
who_has_no_key_is_told_that_one_is_wanted (void **state)
{
    world_t *world = *state;
    link_t *client = open_link (world, link_endpoint (world->back), false, NULL);
    say (client);
    problem_t problem = trouble_of (world, client);
    assert_non_null (strstr (problem.text, "speaks only with keys"));  //  said of both kinds
    assert_int_not_equal (trouble_at (world, world->back), TROUBLE_NONE);
    link_destroy (&client);
}

static void
where_nobody_listens_is_told (void **state)
{
    world_t *world = *state;
    link_keys_t keys = {.own = &world->worker, .broker = world->broker.public_key};
    //  A port that nobody is given by chance, as other tests are given theirs meanwhile.
    link_t *client = open_link (world, "tcp://127.0.0.1:1", false, &keys);
    problem_t problem = trouble_of (world, client);
    assert_int_equal (problem.status, STATUS_NO_BROKER);
    assert_non_null (strstr (problem.text, "nobody accepts connections at"));
    link_destroy (&client);
}

static void
a_broker_without_keys_is_not_spoken_with (void **state)
{
    world_t *world = *state;
    link_t *open = open_link (world, "tcp://127.0.0.1:*", true, NULL);
    link_keys_t keys = {.own = &world->worker, .broker = world->broker.public_key};
    link_t *client = open_link (world, link_endpoint (open), false, &keys);
    problem_t problem = trouble_of (world, client);
    //  It hung up, or was hung up on.
    assert_true (strstr (problem.text, "speaks without keys, this node only with them") ||
                 strstr (problem.text, "is the file of keys/brokers"));
    assert_int_not_equal (trouble_at (world, open), TROUBLE_NONE);
    link_destroy (&client);
    link_destroy (&open);
}

static void
revoke_the_worker (world_t *world)
{
    char path [128];
    snprintf (path, sizeof path, "%s/worker-1.public", world->folder);
    assert_int_equal (remove (path), 0);
    read_list (world);
}

static void
a_key_that_is_revoked_is_cut_off_in_the_midst (void **state)
{
    world_t *world = *state;
    link_t *client = open_client (world, &world->worker, &world->broker);
    say (client);
    link_peer_t peer = hear (world), other = 0;
    revoke_the_worker (world);
    assert_false (link_allows (world->back, peer));
    assert_null (link_key (world->back, peer));

    say (client);
    problem_t problem = {0};
    assert_int_equal (hear_within (world, PATIENCE_MS, &other, &problem), STATUS_FORBIDDEN);
    assert_non_null (strstr (problem.text, "no longer allowed at the broker's back"));
    assert_int_equal (other, 0);
    problem = trouble_of (world, client);  //  it was cut, came again, and is refused at the door
    assert_non_null (strstr (problem.text, "refuses the key of worker-1"));
    link_destroy (&client);
}

static void
a_key_that_is_allowed_later_gets_in_by_a_new_connection (void **state)
{
    world_t *world = *state;
    link_t *client = open_client (world, &world->stranger, &world->broker);
    assert_int_equal (trouble_of (world, client).status, STATUS_FORBIDDEN);
    link_destroy (&client);
    assert_int_equal (node_key_write (&world->stranger, world->folder, NULL), STATUS_OK);
    read_list (world);
    client = open_client (world, &world->stranger, &world->broker);
    say (client);
    assert_string_equal (link_key (world->back, hear (world))->name, "stranger");
    link_destroy (&client);
}

//  An identity of the peer's choosing, raw: link never sets one.
static void *
open_impostor (world_t *world, const node_key_t *key)
{
    void *socket = zmq_socket (world->zmq, ZMQ_DEALER);
    zmq_setsockopt (socket, ZMQ_ROUTING_ID, "same", 4);
    zmq_setsockopt (socket, ZMQ_CURVE_SERVERKEY, world->broker.public_key, KEY_TEXT_SIZE);
    zmq_setsockopt (socket, ZMQ_CURVE_PUBLICKEY, key->public_key, KEY_TEXT_SIZE);
    zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, key->secret_key, KEY_TEXT_SIZE);
    assert_int_equal (zmq_connect (socket, link_endpoint (world->back)), 0);
    zmq_send (socket, "\x01\x41", 2, ZMQ_SNDMORE);
    zmq_send (socket, "\x80", 1, 0);
    return socket;
}

static void
an_identity_does_not_make_one_key_another (void **state)
{
    world_t *world = *state;
    assert_int_equal (node_key_write (&world->stranger, world->folder, NULL), STATUS_OK);
    read_list (world);
    void *first = open_impostor (world, &world->worker);
    link_peer_t worker = hear (world), impostor = 0;
    zmq_close (first);
    while (impostor == 0) {  //  until the router has noticed that the first is gone
        void *second = open_impostor (world, &world->stranger);
        hear_within (world, SHORT_MS, &impostor, NULL);
        int linger_ms = 0;
        zmq_setsockopt (second, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_close (second);
    }
    assert_int_not_equal (impostor, worker);
    assert_string_equal (link_key (world->back, impostor)->name, "stranger");
    assert_null (link_key (world->back, worker));
}

static link_t *
open_feed (world_t *world)
{
    link_keys_t keys = {.own = &world->broker, .allowed = world->allowed, .door = DOOR_FEED};
    link_settings_t settings = {.zmq = world->zmq,
                                .endpoint = "tcp://127.0.0.1:*",
                                .is_server = true,
                                .is_feed = true,
                                .limits = &world->limits,
                                .keys = &keys};
    return link_new (&settings, NULL);
}

//  The feed, heard by whoever has the key that is given; what he wants has arrived.
static link_t *
open_listener (world_t *world, link_t *feed, const node_key_t *key)
{
    link_settings_t settings = {.zmq = world->zmq,
                                .endpoint = link_endpoint (feed),
                                .is_feed = true,
                                .limits = &world->limits,
                                .keys =
                                    &(link_keys_t){.own = key, .broker = world->broker.public_key}};
    link_t *listener = link_new (&settings, NULL);
    assert_non_null (listener);
    feed_link_want (listener, "S/");
    bool is_wanted = false;
    char start [FEED_TOPIC_SIZE];
    for (int64_t until_ms = now_ms () + PATIENCE_MS; !is_wanted && now_ms () < until_ms;) {
        zmq_pollitem_t items [] = {{.socket = zap_socket (world->zap), .events = ZMQ_POLLIN},
                                   {.socket = link_socket (feed), .events = ZMQ_POLLIN}};
        zmq_poll (items, 2, TURN_MS);
        zap_ready (world->zap);
        feed_link_hear (feed, &is_wanted, start);
    }
    assert_true (is_wanted);
    return listener;
}

static bool
is_told (link_t *feed, link_t *listener, int patience_ms)
{
    message_t message = {.command = COMMAND_HEARTBEAT};
    feed_link_tell (feed, "S/a", &message);
    zmq_pollitem_t item = {.socket = link_socket (listener), .events = ZMQ_POLLIN};
    if (zmq_poll (&item, 1, patience_ms) != 1)
        return false;
    link_peer_t peer;
    assert_int_equal (link_receive (listener, &peer, &message, NULL), STATUS_OK);
    message_clear (&message);
    return true;
}

static void
who_listens_silently_is_cut_off_with_his_key (void **state)
{
    world_t *world = *state;
    assert_int_equal (node_key_write (&world->stranger, world->folder, NULL), STATUS_OK);
    read_list (world);
    link_t *feed = open_feed (world);
    link_t *worker = open_listener (world, feed, &world->worker);
    link_t *other = open_listener (world, feed, &world->stranger);  //  wants the same
    assert_true (is_told (feed, worker, PATIENCE_MS));
    revoke_the_worker (world);
    link_expel_guests (feed);
    problem_t problem = trouble_of (world, worker);
    assert_non_null (strstr (problem.text, "refuses the key of worker-1"));
    while (is_told (feed, worker, 0))
        ;  //  what was on its way
    assert_true (is_told (feed, other, PATIENCE_MS));
    assert_false (is_told (feed, worker, SHORT_MS));
    link_destroy (&worker);
    link_destroy (&other);
    link_destroy (&feed);
}

static void
a_door_is_tried_by_a_stranger (void **state)
{
    world_t *world = *state;
    problem_t problem = {0};
    assert_int_equal (
        door_try (world->back, world->zmq, &world->broker, world->zap, &world->limits, &problem),
        STATUS_OK);
    link_t *client = open_client (world, &world->worker, &world->broker);
    say (client);
    assert_true (link_allows (world->back, hear (world)));  //  it is as open as before
    link_t *feed = open_feed (world);
    assert_int_equal (
        door_try (feed, world->zmq, &world->broker, world->zap, &world->limits, &problem),
        STATUS_OK);
    link_destroy (&feed);
    link_destroy (&client);
}

static void
within_the_process_nobody_needs_a_key (void **state)
{
    world_t *world = *state;
    link_keys_t keys = {.own = &world->broker, .allowed = world->allowed, .door = DOOR_BACK};
    link_t *server = open_link (world, "inproc://within", true, &keys);
    link_t *client = open_link (world, "inproc://within", false, NULL);
    say (client);
    link_peer_t peer = 0;
    message_t message;
    zmq_pollitem_t item = {.socket = link_socket (server), .events = ZMQ_POLLIN};
    assert_int_equal (zmq_poll (&item, 1, PATIENCE_MS), 1);
    assert_int_equal (link_receive (server, &peer, &message, NULL), STATUS_OK);
    message_clear (&message);
    assert_true (link_allows (server, peer));
    assert_null (link_key (server, peer));
    link_destroy (&client);
    link_destroy (&server);
}

int
main (void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, make_world, end_world)
    const struct CMUnitTest tests [] = {
        IN_WORLD (who_is_allowed_is_heard_and_known),
        IN_WORLD (an_unknown_key_is_refused_and_told_what_to_do),
        IN_WORLD (the_key_of_another_broker_is_told_on_both_sides),
        IN_WORLD (who_has_no_key_is_told_that_one_is_wanted),
        IN_WORLD (where_nobody_listens_is_told),
        IN_WORLD (a_broker_without_keys_is_not_spoken_with),
        IN_WORLD (a_key_that_is_revoked_is_cut_off_in_the_midst),
        IN_WORLD (a_key_that_is_allowed_later_gets_in_by_a_new_connection),
        IN_WORLD (an_identity_does_not_make_one_key_another),
        IN_WORLD (who_listens_silently_is_cut_off_with_his_key),
        IN_WORLD (a_door_is_tried_by_a_stranger),
        IN_WORLD (within_the_process_nobody_needs_a_key),
    };
    return cmocka_run_group_tests_name ("link_keys", tests, NULL, NULL);
}
