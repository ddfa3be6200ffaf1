#include "broker/core/pace.h"

enum { BEGIN_CAP = 16, HTTP_TOO_MANY = 429, HTTP_UNAVAILABLE = 503 };
enum { SMOOTHING = 8 };         //  attempts that the recent duration looks back on
enum { LEAST_SLOW_MS = 50 };    //  what is quicker than that is never slow
enum { LEAST_PAUSE_MS = 100 };  //  between two cuts; at least a round trip
enum { SLOW_LEAST_CAP = 4 };    //  slowness alone cuts no further

static double
least (double a, double b)
{
    return a < b ? a : b;
}

void
pace_begin (pace_t *self, const subscription_t *subscription, int64_t now_ms)
{
    double most = subscription->in_flight_most;
    *self = (pace_t){
        .cap = least (most, BEGIN_CAP),
        .threshold = most,
        .shrunk_ms = now_ms,
        .tokens = (double)subscription->burst,
        .tokens_ms = now_ms,
    };
}

void
pace_begin_slowly (pace_t *self)
{
    self->threshold = self->cap / 2 > 2 ? self->cap / 2 : 2;
    self->cap = 1;
    self->recent_ms = self->usual_ms;
}

int32_t
pace_cap (const pace_t *self, const subscription_t *subscription)
{
    int32_t cap = (int32_t)self->cap;
    if (!subscription->adapts || cap > subscription->in_flight_most)
        return subscription->in_flight_most;
    return cap < 1 ? 1 : cap;
}

int64_t
pace_next_ms (pace_t *self, const subscription_t *subscription, int64_t now_ms)
{
    double rate = subscription->rate_per_second;
    if (rate <= 0)
        return now_ms;
    double gained = (double)(now_ms - self->tokens_ms) * rate / 1000;
    self->tokens = least (self->tokens + gained, (double)subscription->burst);
    self->tokens_ms = now_ms;
    if (self->tokens >= 1)
        return now_ms;
    return now_ms + 1 + (int64_t)((1 - self->tokens) * 1000 / rate);
}

void
pace_sent (pace_t *self, const subscription_t *subscription)
{
    if (subscription->rate_per_second > 0)
        self->tokens -= 1;
}

static void
shrink (pace_t *self, double factor, double floor, int64_t now_ms)
{
    int64_t pause_ms = self->recent_ms > LEAST_PAUSE_MS ? (int64_t)self->recent_ms : LEAST_PAUSE_MS;
    if (now_ms - self->shrunk_ms < pause_ms || self->cap <= floor)
        return;
    self->shrunk_ms = now_ms;
    self->cap = self->cap * factor > floor ? self->cap * factor : floor;
    self->threshold = self->cap;
}

static void
grow (pace_t *self, const subscription_t *subscription, int32_t under_way)
{
    double most = subscription->in_flight_most;
    if (under_way + 1 < (int32_t)self->cap)
        return;  //  it was not the cap that held it back
    self->cap += self->cap < self->threshold ? 1 : 1 / self->cap;
    self->cap = least (self->cap, most);
}

//  The usual duration follows a shorter one at once, and a longer one slowly.
static void
learn_duration (pace_t *self, double duration_ms)
{
    if (self->usual_ms <= 0)
        self->usual_ms = self->recent_ms = duration_ms;
    self->recent_ms += (duration_ms - self->recent_ms) / SMOOTHING;
    self->usual_ms = duration_ms < self->usual_ms
                         ? duration_ms
                         : self->usual_ms + (duration_ms - self->usual_ms) / 1024;
}

static bool
is_slower (const pace_t *self)
{
    return self->recent_ms > LEAST_SLOW_MS && self->recent_ms > 2 * self->usual_ms;
}

void
pace_settled (pace_t *self, const subscription_t *subscription, const settle_t *settle,
              int32_t under_way, int64_t now_ms)
{
    bool timed_out =
        settle->http_status == 0 && settle->duration_ms >= subscription->retry.timeout_ms;
    if (settle->http_status == HTTP_TOO_MANY || settle->http_status == HTTP_UNAVAILABLE ||
        timed_out) {
        shrink (self, 0.5, 1, now_ms);
        return;
    }
    if (settle->outcome != OUTCOME_OK)
        return;  //  whether it is there at all is the breaker's
    learn_duration (self, (double)settle->duration_ms);
    if (is_slower (self))
        shrink (self, 0.9, SLOW_LEAST_CAP, now_ms);
    else
        grow (self, subscription, under_way);
}
