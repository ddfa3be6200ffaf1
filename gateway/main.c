/*  tocsin-gateway – the gateway as a daemon. */
#include "daemon/role_main.h"
#include "gateway/gateway.h"

static void *
gateway_begin (const settings_t *settings, void *zmq, problem_t *problem)
{
    return gateway_new (settings, zmq, problem);
}

static void
gateway_end (void *self)
{
    gateway_t *gateway = self;
    gateway_destroy (&gateway);
}

int
main (int argc, char **argv)
{
    static const role_t role = {"gateway",
                                "takes events and questions over HTTP and hands them to a broker",
                                gateway_begin, gateway_end};
    return role_main (argc, argv, &role);
}
