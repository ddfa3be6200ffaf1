#include "proto/keys/curve.h"

#include <string.h>
#include <zmq.h>

//  Not in zmq.h of 4.3.4, where it is a draft, though the library has it.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

static bool
set_text (void *socket, int option, const char *text)
{
    return zmq_setsockopt (socket, option, text, strlen (text) + 1) == 0;
}

static bool
set_number (void *socket, int option, int number)
{
    return zmq_setsockopt (socket, option, &number, sizeof number) == 0;
}

static bool
is_enforced (void *socket)
{
    int value = 0;
    size_t size = sizeof value;
    return zmq_getsockopt (socket, ZMQ_ZAP_ENFORCE_DOMAIN, &value, &size) == 0 && value == 1;
}

status_t
curve_serve (void *socket, const node_key_t *own, door_t door, problem_t *problem)
{
    const char *domain = door_word (door);
    bool is_set = set_number (socket, ZMQ_CURVE_SERVER, 1) &&
                  set_text (socket, ZMQ_CURVE_SECRETKEY, own->secret_key) &&
                  zmq_setsockopt (socket, ZMQ_ZAP_DOMAIN, domain, strlen (domain)) == 0 &&
                  set_number (socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1) && is_enforced (socket);
    return is_set ? STATUS_OK
                  : problem_set (problem, STATUS_SYSTEM,
                                 "this libzmq cannot keep strangers out: it needs CURVE and "
                                 "ZMQ_ZAP_ENFORCE_DOMAIN (4.3)");
}

status_t
curve_connect (void *socket, const node_key_t *own, const char *broker_key, problem_t *problem)
{
    bool is_set = set_text (socket, ZMQ_CURVE_SERVERKEY, broker_key) &&
                  set_text (socket, ZMQ_CURVE_PUBLICKEY, own->public_key) &&
                  set_text (socket, ZMQ_CURVE_SECRETKEY, own->secret_key);
    return is_set ? STATUS_OK
                  : problem_set (problem, STATUS_SYSTEM,
                                 "this libzmq was built without CURVE: no keys can be used");
}
