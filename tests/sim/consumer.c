#include "tests/sim/consumer.h"

#include <string.h>

#include "tests/sim/state.h"

enum { QUICK_MS = 20, SLOW_MS = 4000 };

static consumer_answer_t
answer_well (world_t *world, int64_t within_ms)
{
    return (consumer_answer_t){.after_ms = world_number (world, within_ms), .outcome = OUTCOME_OK};
}

static consumer_answer_t
answer_badly (world_t *world)
{
    return (consumer_answer_t){.after_ms = world_number (world, QUICK_MS),
                               .outcome = OUTCOME_RETRY};
}

static consumer_mood_t
mood_of (const world_t *world, const char *subscription)
{
    for (size_t i = 0; i < world->mood_count; i++)
        if (strcmp (world->moods [i].subscription, subscription) == 0)
            return world->moods [i].mood;
    return CONSUMER_WELL;
}

consumer_answer_t
consumer_answer (world_t *world, const char *subscription, int64_t timeout_ms)
{
    switch (mood_of (world, subscription)) {
        case CONSUMER_WELL:
        case CONSUMER_MOODS: break;
        case CONSUMER_FAILS: return answer_badly (world);
        case CONSUMER_SLOW: return answer_well (world, SLOW_MS);
        case CONSUMER_SILENT:
            return (consumer_answer_t){.after_ms = timeout_ms, .outcome = OUTCOME_RETRY};
        case CONSUMER_FLAPS:
            return world_number (world, 2) ? answer_badly (world) : answer_well (world, QUICK_MS);
    }
    return answer_well (world, QUICK_MS);
}
