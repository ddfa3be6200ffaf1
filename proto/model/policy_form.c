#include "proto/model/policy_form.h"

#include "proto/model/subscription.h"

enum { ATTEMPTS_MOST = 100, IN_FLIGHT_MOST = 1024, FINALS = 32, FAILURES_MOST = 1000 };
enum { DAY_MS = 24 * 3600 * 1000, PROBE_MOST_MS = 3600 * 1000 };

static const int64_t timeout_most_ms = INT64_C (7) * DAY_MS;
static const int64_t wait_most_ms = INT64_C (7) * DAY_MS;
static const int64_t ttl_most_ms = INT64_C (366) * DAY_MS;
static const double rate_most = 1e6;

//  ---- retry

//  These have a meaning of their own: tried again, or (410) the end of the subscription.
static bool
can_be_final (json_int_t code)
{
    return code >= 400 && code <= 599 && code != 408 && code != 410 && code != 425 && code != 429 &&
           code != 503;
}

static status_t
read_final (const form_t *retry)
{
    json_t *final = json_object_get (retry->json, "final");
    if (final && (!json_is_array (final) || json_array_size (final) > FINALS))
        return form_refuse (retry, "final",
                            "it is an array of at most %d HTTP statuses, as in [400, 404]", FINALS);
    size_t i;
    json_t *code;
    json_array_foreach (final, i, code)
    {
        if (!json_is_integer (code) || !can_be_final (json_integer_value (code)))
            return form_refuse (
                retry, "final",
                "its element %zu is no HTTP status in 400 … 599 without 408, 410, 425, 429 and 503, which have their own meaning",
                i);
    }
    json_object_set_new (retry->made, "final", final ? json_copy (final) : json_array ());
    return STATUS_OK;
}

static status_t
read_schedule (const form_t *retry)
{
    json_t *schedule = json_object_get (retry->json, "schedule_ms");
    if (!schedule)
        return STATUS_OK;
    size_t count = json_array_size (schedule);
    if (!json_is_array (schedule) || count == 0 || count > RETRY_SCHEDULE_MOST)
        return form_refuse (
            retry, "schedule_ms",
            "it is an array of 1 to %d pauses between attempts, as in [5000, 60000, 3600000]",
            RETRY_SCHEDULE_MOST);
    size_t i;
    json_t *pause;
    json_array_foreach (schedule, i, pause)
    {
        json_int_t pause_ms = json_integer_value (pause);
        if (!json_is_integer (pause) || pause_ms < 0 || pause_ms > wait_most_ms)
            return form_refuse (retry, "schedule_ms",
                                "its element %zu is no whole number in 0 … %lld", i,
                                (long long)wait_most_ms);
    }
    json_object_set_new (retry->made, "schedule_ms", json_copy (schedule));
    return STATUS_OK;
}

static status_t
read_pauses (const form_t *retry)
{
    status_t status = read_schedule (retry);
    if (status == STATUS_OK)
        status = form_integer (retry, "min_backoff_ms", 1000, 1, wait_most_ms);
    if (status != STATUS_OK)
        return status;
    int64_t least = json_integer_value (json_object_get (retry->made, "min_backoff_ms"));
    return form_integer (retry, "max_backoff_ms", least > 3600000 ? least : 3600000, least,
                         wait_most_ms);
}

status_t
policy_form_retry (const form_t *form)
{
    form_t retry = form_part (form, "retry");
    size_t pauses = json_array_size (json_object_get (retry.json, "schedule_ms"));
    status_t status =
        form_members (&retry, "max_attempts min_backoff_ms max_backoff_ms schedule_ms "
                              "timeout_ms ttl_ms retry_after_most_ms "
                              "disable_after_ms final");
    if (status == STATUS_OK)
        status = form_integer (&retry, "max_attempts", pauses > 0 ? (int64_t)pauses + 1 : 12, 1,
                               ATTEMPTS_MOST);
    if (status == STATUS_OK)
        status = read_pauses (&retry);
    if (status == STATUS_OK)
        status = form_integer (&retry, "timeout_ms", 15000, 1, timeout_most_ms);
    if (status == STATUS_OK)
        status = form_integer (&retry, "ttl_ms", 0, 0, ttl_most_ms);
    if (status == STATUS_OK)
        status = form_integer (&retry, "retry_after_most_ms", 3600000, 0, wait_most_ms);
    if (status == STATUS_OK)
        status = form_integer (&retry, "disable_after_ms", INT64_C (5) * DAY_MS, 0, ttl_most_ms);
    return status == STATUS_OK ? read_final (&retry) : status;
}

//  ---- limits and breaker

status_t
policy_form_limits (const form_t *form)
{
    form_t limits = form_part (form, "limits");
    status_t status = form_members (&limits, "in_flight adaptive rate_per_second burst");
    if (status == STATUS_OK)
        status = form_integer (&limits, "in_flight", IN_FLIGHT_STANDARD, 1, IN_FLIGHT_MOST);
    if (status == STATUS_OK)
        status = form_flag (&limits, "adaptive", true);
    if (status == STATUS_OK)
        status = form_number (&limits, "rate_per_second", 0, 0, rate_most);
    double rate = json_number_value (json_object_get (limits.made, "rate_per_second"));
    return status == STATUS_OK ? form_integer (&limits, "burst", rate > 1 ? (int64_t)rate : 1, 1,
                                               (int64_t)rate_most)
                               : status;
}

status_t
policy_form_breaker (const form_t *form)
{
    form_t breaker = form_part (form, "breaker");
    status_t status = form_members (&breaker, "failures probe_ms probe_most_ms");
    if (status == STATUS_OK)
        status = form_integer (&breaker, "failures", 10, 0, FAILURES_MOST);
    if (status == STATUS_OK)
        status = form_integer (&breaker, "probe_ms", 5000, 1, PROBE_MOST_MS);
    if (status != STATUS_OK)
        return status;
    int64_t least = json_integer_value (json_object_get (breaker.made, "probe_ms"));
    return form_integer (&breaker, "probe_most_ms", least > 300000 ? least : 300000, least,
                         PROBE_MOST_MS);
}
