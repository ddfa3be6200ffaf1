#include "broker/client_rights.h"

#include <stddef.h>
#include <string.h>

//  Those that are named, so that a method which comes later is none of them by itself.
static const char *const methods [] = {
    "event.get",          "event.list",    "event.match",      "event.explain",
    "event.trace",        "event.wait",    "subscription.get", "subscription.list",
    "subscription.state", "delivery.list", "replay.list",      "worker.list",
    "worker.get",         "status",        "metrics"};

bool
client_may_call (const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp (methods [i], method) == 0)
            return true;
    return false;
}
