/*  webhook_judge – what a consumer's status means: ok, retry or fail, and why in words. */
#include <stdio.h>

#include "worker/actions/retry_after.h"
#include "worker/actions/webhook_state.h"

enum {
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_GONE = 410,
    HTTP_TOO_EARLY = 425,
    HTTP_TOO_MANY = 429,
    HTTP_UNAVAILABLE = 503
};

//  Only if the subscription says so, and never one that speaks of the moment.
static bool
status_is_final (int http_status, const webhook_target_t *target)
{
    bool is_momentary = http_status == HTTP_REQUEST_TIMEOUT || http_status == HTTP_TOO_EARLY;
    return http_status >= 400 && http_status < 600 && !is_momentary &&
           target->is_final [http_status - 400];
}

static void
judge_wait (int http_status, const char *retry_after, int64_t now_s, ending_t *end)
{
    int64_t wait_ms = 0;
    snprintf (end->error, sizeof end->error, "answered %d", http_status);
    if (!retry_after || !retry_after_read (retry_after, now_s, &wait_ms))
        return;
    end->settlement.retry_after_ms = wait_ms;
    snprintf (end->error, sizeof end->error, "answered %d, Retry-After: %.60s", http_status,
              retry_after);
}

void
webhook_judge (int http_status, const char *retry_after, const char *location,
               const webhook_target_t *target, int64_t now_s, ending_t *end)
{
    settlement_t *settlement = &end->settlement;
    settlement->http_status = http_status;
    settlement->outcome = OUTCOME_RETRY;
    if (http_status >= 200 && http_status < 300) {
        settlement->outcome = OUTCOME_OK;
        end->error [0] = '\0';
    }
    else if (http_status >= 300 && http_status < 400)
        snprintf (
            end->error, sizeof end->error,
            "answered %d%s%.120s: redirects are not followed, give the subscription the new URL",
            http_status, location ? " to " : "", location ? location : "");
    else if (http_status == HTTP_GONE) {
        settlement->outcome = OUTCOME_FAIL;
        settlement->disables = true;
        snprintf (end->error, sizeof end->error, "answered 410: the consumer wants no more");
    }
    else if (http_status == HTTP_TOO_MANY || http_status == HTTP_UNAVAILABLE)
        judge_wait (http_status, retry_after, now_s, end);
    else if (status_is_final (http_status, target)) {
        settlement->outcome = OUTCOME_FAIL;
        snprintf (end->error, sizeof end->error,
                  "answered %d, which is final for this subscription", http_status);
    }
    else
        snprintf (end->error, sizeof end->error, "answered %d", http_status);
}
