/*  tocsin-broker: the broker as a program of its own. */
#include "broker/broker.h"
#include "daemon/role_main.h"

static void *
start (const settings_t *settings, void *zmq, problem_t *problem)
{
    return broker_new (settings, zmq, problem);
}

static void
stop (void *self)
{
    broker_t *broker = self;
    broker_destroy (&broker);
}

int
main (int argc, char **argv)
{
    static const role_t role = {
        "broker", "Keeps events, decides who gets them, and hands them to workers.", start, stop};
    return role_main (argc, argv, &role);
}
