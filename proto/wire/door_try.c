#include "proto/wire/door_try.h"

#include <string.h>
#include <time.h>
#include <zmq.h>

#include "proto/model/owned.h"
#include "proto/wire/endpoint.h"

enum { PATIENCE_MS = 10000, TURN_MS = 5, MILLION = 1000000 };

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / MILLION;
}

//  Whether the stranger is refused before we lose patience.
static bool
is_refused (link_t *stranger, zap_t *zap)
{
    zmq_pollitem_t items [] = {{.socket = zap_socket (zap), .events = ZMQ_POLLIN},
                               {.socket = link_monitor (stranger), .events = ZMQ_POLLIN}};
    for (int64_t until_ms = now_ms () + PATIENCE_MS; now_ms () < until_ms;) {
        zmq_poll (items, 2, TURN_MS);
        zap_ready (zap);
        if (link_trouble (stranger, NULL) == STATUS_FORBIDDEN)
            return true;
    }
    return false;
}

static status_t
door_knock (const char *endpoint, bool is_feed, void *zmq, const node_key_t *own, zap_t *zap,
            const limits_t *limits, problem_t *problem)
{
    node_key_t nobody;
    if (node_key_make ("nobody", NODE_CLIENT, &nobody, problem))
        return problem->status;
    link_keys_t keys = {.own = &nobody, .broker = own->public_key};
    link_settings_t settings = {
        .zmq = zmq, .endpoint = endpoint, .is_feed = is_feed, .limits = limits, .keys = &keys};
    OWNED (link) link_t *stranger = link_new (&settings, problem);
    if (!stranger)
        return problem->status;
    return is_refused (stranger, zap)
               ? STATUS_OK
               : problem_set (
                     problem, STATUS_SYSTEM,
                     "a key that nobody allowed was not refused: this libzmq does not keep "
                     "strangers out");
}

status_t
door_try (link_t *door, void *zmq, const node_key_t *own, zap_t *zap, const limits_t *limits,
          problem_t *problem)
{
    char endpoint [ENDPOINT_SIZE];
    size_t size = sizeof endpoint;
    void *socket = link_socket (door);
    if (zmq_bind (socket, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        return problem_set (problem, STATUS_SYSTEM,
                            "the door cannot be tried on 127.0.0.1, and is not opened untried: %s",
                            zmq_strerror (zmq_errno ()));
    status_t status = door_knock (endpoint, link_is_feed (door), zmq, own, zap, limits, problem);
    zmq_unbind (socket, endpoint);
    return status;
}
