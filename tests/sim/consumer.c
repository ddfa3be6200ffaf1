#include "tests/sim/consumer.h"

#include <string.h>

#include "tests/sim/state.h"

enum { QUICK_MS = 20, SLOW_MS = 4000, BUSY_MS = 20000, MURDER_MS = 2500 };

static consumer_answer_t
answer_well (world_t *world, int64_t within_ms)
{
    return (consumer_answer_t){
        .after_ms = world_number (world, within_ms), .outcome = OUTCOME_OK, .http_status = 200};
}

static consumer_answer_t
answer_badly (world_t *world, int32_t http_status)
{
    return (consumer_answer_t){.after_ms = world_number (world, QUICK_MS),
                               .outcome = OUTCOME_RETRY,
                               .http_status = http_status};
}

static consumer_answer_t
answer_with_pause (world_t *world)
{
    consumer_answer_t answer = answer_badly (world, 429);
    answer.retry_after_ms = world_number (world, BUSY_MS);
    return answer;
}

static consumer_answer_t
refuse (world_t *world)
{
    consumer_answer_t answer = answer_badly (world, 400);
    answer.outcome = OUTCOME_FAIL;
    return answer;
}

//  As a transform does that gives nothing: it is the worker that answers.
static consumer_answer_t
find_nothing (world_t *world)
{
    return (consumer_answer_t){.after_ms = world_number (world, QUICK_MS), .outcome = OUTCOME_SKIP};
}

static consumer_answer_t
say_gone (world_t *world)
{
    consumer_answer_t answer = answer_badly (world, 410);
    answer.disables = true;
    return answer;
}

static consumer_answer_t
murder (world_t *world)
{
    consumer_answer_t answer = answer_badly (world, 0);
    answer.after_ms = 1 + world_number (world, MURDER_MS);
    answer.murders = true;
    return answer;
}

//  The same event each time: in a play one that is named so, otherwise each so many.
static bool
is_chosen (const world_t *world, const event_t *event, const char *name, int64_t one_in)
{
    return world->is_wild ? event->seq % one_in == 0
                          : strncmp (event->id, name, strlen (name)) == 0;
}

//  A replay has the consumer of what it replays; so have results, unless theirs is named.
static bool
is_named (const char *subscription, const char *name)
{
    size_t size = strcspn (subscription, "~");
    return strlen (name) == size && memcmp (subscription, name, size) == 0;
}

static consumer_mood_t
mood_of (const world_t *world, const char *subscription)
{
    for (size_t i = 0; i < world->mood_count; i++)
        if (strcmp (subscription, world->moods [i].subscription) == 0)
            return world->moods [i].mood;
    for (size_t i = 0; i < world->mood_count; i++)
        if (is_named (subscription, world->moods [i].subscription))
            return world->moods [i].mood;
    return CONSUMER_WELL;
}

consumer_answer_t
consumer_answer (world_t *world, const char *subscription, const event_t *event, int64_t timeout_ms)
{
    switch (mood_of (world, subscription)) {
        case CONSUMER_WELL:
        case CONSUMER_MOODS: break;
        case CONSUMER_FAILS: return answer_badly (world, 500);
        case CONSUMER_DOWN: return answer_badly (world, 503);
        case CONSUMER_SLOW: return answer_well (world, SLOW_MS);
        case CONSUMER_SILENT:
            return (consumer_answer_t){.after_ms = timeout_ms, .outcome = OUTCOME_RETRY};
        case CONSUMER_FLAPS:
            if (world_number (world, 2))
                return answer_badly (world, 500);
            break;
        case CONSUMER_REFUSES:
            if (is_chosen (world, event, "refused", 4))
                return refuse (world);
            break;
        case CONSUMER_SKIPS:
            if (is_chosen (world, event, "nothing", 4))
                return find_nothing (world);
            break;
        case CONSUMER_GONE: return say_gone (world);
        case CONSUMER_BUSY:
            if (world_number (world, 3))
                return answer_with_pause (world);
            break;
        case CONSUMER_MURDERS:
            if (is_chosen (world, event, "poison", 8))
                return murder (world);
            break;
    }
    return answer_well (world, QUICK_MS);
}
