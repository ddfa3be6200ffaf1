#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/worker_stage.h"

static void
deliver (worker_stage_t *stage, const char *subscription, const char *action, outcome_t outcome,
         const char *said)
{
    char document [200];
    snprintf (document, sizeof document, "{\"action\":%s}", action);
    uint64_t lease =
        fake_broker_deliver (stage->broker, subscription, document, STAGE_TIMEOUT_MS, "{}");
    const settlement_t *settlement = fake_broker_settlement (stage->broker, lease);
    assert_string_equal (outcome == OUTCOME_OK ? settlement->result : settlement->error, said);
    assert_int_equal (settlement->outcome, outcome);
}

static void
each_subscription_counts_by_what_it_says (void **state)
{
    (void)state;
    worker_stage_t *stage = worker_stage_new ();
    worker_stage_set (stage, "worker/counter_keys=2");
    worker_stage_begin (stage);
    static const char by_type [] = "{\"name\":\"counter\",\"key\":\"of {type}\"}";
    deliver (stage, "a", "{\"name\":\"counter\"}", OUTCOME_OK, "{\"count\": 1}");
    deliver (stage, "b", by_type, OUTCOME_OK, "{\"count\": 1}");
    deliver (stage, "a", "{\"name\":\"counter\"}", OUTCOME_OK, "{\"count\": 2}");
    deliver (stage, "c", by_type, OUTCOME_FAIL,
             "2 keys are counted already: raise worker/counter_keys, or restart the worker");
    deliver (stage, "d", "{\"name\":\"counter\",\"key\":\"{moon}\"}", OUTCOME_RETRY,
             "action.key: at byte 0: \"moon\" is nothing an event has; there are id, source, type, "
             "subject, key, time, phase, content_type, partition, seq, causation, root, via, hops, "
             "subscription, or a place in the data as in {/new/title}");
    worker_stage_destroy (&stage);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (each_subscription_counts_by_what_it_says),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
