/*  tocsin-worker: performs the actions of deliveries. */
#include "daemon/role_main.h"
#include "worker/worker.h"

static void *
start (const settings_t *settings, void *zmq, problem_t *problem)
{
    return worker_new (settings, zmq, problem);
}

static void
stop (void *context)
{
    worker_t *worker = context;
    worker_destroy (&worker);
}

int
main (int argc, char **argv)
{
    static const role_t role = {"worker", "performs the actions of deliveries", start, stop};
    worker_prepare_process ();
    return role_main (argc, argv, &role);
}
