#include "cli/readiness.h"

#include <stdint.h>
#include <time.h>

#include "cli/client.h"
#include "daemon/clock.h"
#include "proto/model/owned.h"

enum {
    PATIENCE_MS = 10000,
    PAUSE_MS = 2  //  between two questions: it takes a few ms, over inproc
};

status_t
readiness_wait (const char *url, problem_t *problem)
{
    OWNED (client) client_t *client = client_new (url, "");
    int64_t deadline_ms = monotonic_ms () + PATIENCE_MS;
    problem_t last = {0};
    while (client_call (client, "GET", "/__heartbeat__", NULL, NULL, &last)) {
        if (monotonic_ms () > deadline_ms)
            return problem_set (problem, STATUS_SYSTEM, "%.60s does not get ready: %.160s", url,
                                last.text);
        nanosleep (&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    return STATUS_OK;
}
