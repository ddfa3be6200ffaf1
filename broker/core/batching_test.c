#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"
#include "proto/model/owned.h"

static void
a_full_batch_goes_at_once_and_each_ends_by_itself (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 5000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2\n"
          "   5 < APPEND 2 e1 e2 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   7 > PUBLISH r2 at 7 e3 e4\n"
          "   7 < APPEND 3 e3 e4 because NEW\n"
          "   8 > PERSISTED 3: e3 seq 3, e4 seq 4\n"
          "   8 < CONFIRM r2 e3 seq 3 e4 seq 4 because NEW\n"
          "   8 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   8 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   8 < DELIVER L3 w1 S e3 attempt 1 batch 1 because NEW\n"
          "  20 > SETTLE L2 ok\n"
          "  20 < SAVE 4: S 2 attempt 1 ok, S floor 0 +2\n"
          "  20 > SETTLE L1 retry\n"
          "  20 < SAVE 5: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 2\n"
          "  20 > SETTLE L3 ok\n"
          "  20 < SAVE 6: S 3 attempt 1 ok, S floor 3\n");
}

static void
what_fills_no_batch_goes_when_its_first_has_waited_long_enough (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 100 wait 1000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "  50 > PUBLISH r1 at 50 e1\n"
          "  50 < APPEND 2 e1 because NEW\n"
          "  51 > PERSISTED 2: e1 seq 1\n"
          "  51 < ANSWER OK because KEPT\n"
          "  51 < CONFIRM r1 e1 seq 1 because NEW\n"
          " 900 > PUBLISH r2 at 900 e2\n"
          " 900 < APPEND 3 e2 because NEW\n"
          " 901 > PERSISTED 3: e2 seq 2\n"
          " 901 < CONFIRM r2 e2 seq 2 because NEW\n"
          "1049 > TICK\n"
          "1050 > TICK\n"
          "1050 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "1050 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "1060 > PUBLISH r3 at 1060 e3\n"
          "1060 < APPEND 4 e3 because NEW\n"
          "1061 > PERSISTED 4: e3 seq 3\n"
          "1061 < CONFIRM r3 e3 seq 3 because NEW\n"
          "2060 > TICK\n"
          "2060 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n");
}

//  in_flight 1: the second batch waits for the end of all of the first.
static void
a_batch_is_one_request_under_way (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 2 wait 0 in_flight 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3 e4\n"
          "   5 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "  10 > SETTLE L1 ok\n"
          "  10 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "  11 > SETTLE L2 ok\n"
          "  11 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n"
          "  11 < DELIVER L4 w1 S e4 attempt 1 batch 2 because NEW\n"
          "  11 < SAVE 4: S 2 attempt 1 ok, S floor 2\n");
}

//  rate 1: a second later, the next one.
static void
a_batch_takes_one_token_of_the_rate (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 2 wait 0 rate 1 burst 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3 e4\n"
          "   5 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          " 990 > TICK\n"
          "1008 > TICK\n"
          "1008 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n"
          "1008 < DELIVER L4 w1 S e4 attempt 1 batch 2 because NEW\n");
}

//  failures 2: two batches that fail open the breaker, though four events did; and one that is taken
//  among those that are not shows that the consumer is there.
static void
the_breaker_judges_a_batch_as_a_whole (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 2 wait 0 failures 2 attempts 9 keep none\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2\n"
          "   5 < APPEND 2 e1 e2 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "  10 > SETTLE L1 retry\n"
          "  10 < SAVE 3: S 1 retry attempts 1, S floor 1\n"
          "  10 > SETTLE L2 retry\n"
          "  10 < SAVE 4: S 2 retry attempts 1, S floor 2 quiet\n"
          "  11 > PUBLISH r2 at 11 e3 e4\n"
          "  11 < APPEND 5 e3 e4 because NEW\n"
          "  12 > PERSISTED 5: e3 seq 3, e4 seq 4\n"
          "  12 < SETTLED L1 because KEPT\n"
          "  12 < SETTLED L2 because KEPT\n"
          "  12 < CONFIRM r2 e3 seq 3 e4 seq 4 because NEW\n"
          "  12 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n"
          "  12 < DELIVER L4 w1 S e4 attempt 1 batch 2 because NEW\n"
          "  13 > SETTLE L3 retry\n"
          "  13 < SAVE 6: S 3 retry attempts 1, S floor 3\n"
          "  13 > SETTLE L4 ok\n"
          "  13 < SAVE 7: S floor 4 quiet\n"
          "  14 > PUBLISH r3 at 14 e5 e6\n"
          "  14 < APPEND 8 e5 e6 because NEW\n"
          "  15 > PERSISTED 8: e5 seq 5, e6 seq 6\n"
          "  15 < SETTLED L3 because KEPT\n"
          "  15 < SETTLED L4 because KEPT\n"
          "  15 < CONFIRM r3 e5 seq 5 e6 seq 6 because NEW\n"
          "  15 < DELIVER L5 w1 S e5 attempt 1 batch 3 because NEW\n"
          "  15 < DELIVER L6 w1 S e6 attempt 1 batch 3 because NEW\n"
          "  16 > SETTLE L5 retry\n"
          "  16 < SAVE 9: S 5 retry attempts 1, S floor 5\n"
          "  16 > SETTLE L6 retry\n"
          "  16 < SAVE 10: S 6 retry attempts 1, S floor 6 quiet\n"
          "  17 > PUBLISH r4 at 17 e7 e8\n"
          "  17 < APPEND 11 e7 e8 because NEW\n"
          "  18 > PERSISTED 11: e7 seq 7, e8 seq 8\n"
          "  18 < SETTLED L5 because KEPT\n"
          "  18 < SETTLED L6 because KEPT\n"
          "  18 < CONFIRM r4 e7 seq 7 e8 seq 8 because NEW\n"
          "  18 < DELIVER L7 w1 S e7 attempt 1 batch 4 because NEW\n"
          "  18 < DELIVER L8 w1 S e8 attempt 1 batch 4 because NEW\n"
          "  19 > SETTLE L7 retry\n"
          "  19 < SAVE 12: S 7 retry attempts 1, S floor 7\n"
          "  19 > SETTLE L8 retry\n"
          "  19 < SAVE 13: S 8 retry attempts 1, S failures 2 probe 4648, S floor 8 quiet\n");
}

//  Those that failed together are tried together, and what came meanwhile goes with them.
static void
what_failed_goes_in_a_later_batch (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 500 keep none\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3\n"
          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L3 w1 S e3 attempt 1 batch 1 because NEW\n"
          "  10 > SETTLE L1 retry\n"
          "  10 < SAVE 3: S 1 retry attempts 1, S floor 1\n"
          "  10 > SETTLE L2 ok\n"
          "  10 < SAVE 4: S floor 2\n"
          "  10 > SETTLE L3 retry\n"
          "  10 < SAVE 5: S 3 retry attempts 1, S floor 3 quiet\n"
          "1100 > TICK\n"
          "1100 < READ 1 above 0 one because BEHIND\n"
          "1100 < READ 2 above 2 one because BEHIND\n"
          "1101 > PAGE 1: e1\n"
          "1102 > PAGE 2: e3\n"
          "1200 > PUBLISH r2 at 1200 e4\n"
          "1200 < APPEND 6 e4 because NEW\n"
          "1201 > PERSISTED 6: e4 seq 4\n"
          "1201 < SETTLED L1 because KEPT\n"
          "1201 < SETTLED L2 because KEPT\n"
          "1201 < SETTLED L3 because KEPT\n"
          "1201 < CONFIRM r2 e4 seq 4 because NEW\n"
          "1201 < DELIVER L4 w1 S e1 attempt 2 batch 2 because DUE\n"
          "1201 < DELIVER L5 w1 S e3 attempt 2 batch 2 because DUE\n"
          "1201 < DELIVER L6 w1 S e4 attempt 1 batch 2 because NEW\n");
}

static void
a_session_that_ends_gives_all_of_its_batch_back (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 0 in_flight 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3\n"
          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L3 w1 S e3 attempt 1 batch 1 because NEW\n"
          "   8 > SETTLE L2 ok\n"
          "   8 < SAVE 3: S 2 attempt 1 ok, S floor 0 +2\n"
          "   9 > GONE w1\n"
          "  10 > HELLO w2 webhook\n"
          "  10 < WELCOME w2 because JOINED\n"
          "  10 > CREDIT w2 100\n"
          "  10 < DELIVER L4 w2 S e1 attempt 1 batch 2 because SESSION_GONE\n"
          "  10 < DELIVER L5 w2 S e3 attempt 1 batch 2 because SESSION_GONE\n");
}

//  Part of a batch is released: the rest is still one request.
static void
a_part_of_a_batch_may_be_given_back (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 0 in_flight 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 3\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3\n"
          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L3 w1 S e3 attempt 1 batch 1 because NEW\n"
          "   8 > RELEASE w1 L3\n"
          "   8 > CREDIT w1 100\n"
          "   9 > SETTLE L1 ok\n"
          "   9 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "  10 > SETTLE L2 ok\n"
          "  10 < DELIVER L4 w1 S e3 attempt 1 batch 2 because RELEASED\n"
          "  10 < SAVE 4: S 2 attempt 1 ok, S floor 2\n");
}

static void
no_batch_is_larger_than_the_credit (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 0\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 2\n"
          "   5 > PUBLISH r1 at 5 e1 e2 e3\n"
          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   7 > CREDIT w1 3\n"
          "   7 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n");
}

static void
no_batch_is_larger_than_its_bytes (void **state)
{
    (void)state;
    OWNED (event)
    event_t *one = event_new (&(event_t){.id = "e1",
                                         .type = "t",
                                         .subject = "/s",
                                         .key = "e1",
                                         .time = "2026-01-01T00:00:00Z",
                                         .content_type = "application/json",
                                         .data = (const uint8_t *)"{}",
                                         .data_size = 2});
    core_settings_t settings = play_settings ();
    settings.limits.delivery_batch_bytes = 2 * (int64_t)event_size_bytes (one);
    play_with (&settings, "   0 > SUBSCRIBE S webhook batch 9 wait 0\n"
                          "   0 < SAVE 1: S, S floor 0 quiet\n"
                          "   0 > HELLO w1 webhook\n"
                          "   0 < WELCOME w1 because JOINED\n"
                          "   0 > CREDIT w1 100\n"
                          "   5 > PUBLISH r1 at 5 e1 e2 e3\n"
                          "   5 < APPEND 2 e1 e2 e3 because NEW\n"
                          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3\n"
                          "   6 < ANSWER OK because KEPT\n"
                          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 because NEW\n"
                          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
                          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
                          "   6 < DELIVER L3 w1 S e3 attempt 1 batch 2 because NEW\n");
}

//  Of one key a batch has one event; others go beside it.
static void
with_order_by_key_a_batch_has_one_event_of_a_key (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 3 wait 0 order key\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1/a e2/a e3/b e4/b\n"
          "   5 < APPEND 2 e1 e2 e3 e4 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2, e3 seq 3, e4 seq 4\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 e3 seq 3 e4 seq 4 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e3 attempt 1 batch 1 because NEW\n"
          "   9 > SETTLE L1 ok\n"
          "   9 < DELIVER L3 w1 S e2 attempt 1 batch 2 because KEY_FREE\n"
          "   9 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "  10 > SETTLE L2 retry\n"
          "  10 < SAVE 4: S 3 attempt 1 retry, S 3 retry attempts 1, S floor 1 +2\n");
}

//  Found in the log when the broker starts: they have waited since they were accepted.
static void
a_restart_makes_nobody_wait_anew (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 100 wait 60000\n"
          "   0 > TENURE last 2 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 0 because BEHIND\n"
          "   0 > CREDIT w1 100\n"
          "   1 > PAGE 1: e1 e2\n"
          "60000 > TICK\n"
          "60000 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "60000 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n");
}

//  While the breaker is open one batch is tried at a time, and it does not wait to be full.
static void
a_probe_does_not_wait_for_others (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 9 wait 5000 failures 1 probe 1000 keep none\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1\n"
          "   5 < APPEND 2 e1 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 because NEW\n"
          "5005 > TICK\n"
          "5005 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "5006 > SETTLE L1 retry\n"
          "5006 < SAVE 3: S 1 retry attempts 1, S failures 1 probe 5947, S floor 1 quiet\n"
          "5100 > PUBLISH r2 at 5100 e2 e3\n"
          "5100 < APPEND 4 e2 e3 because NEW\n"
          "5101 > PERSISTED 5: e2 seq 2, e3 seq 3\n"
          "5101 < SETTLED L1 because KEPT\n"
          "5101 < CONFIRM r2 e2 seq 2 e3 seq 3 because NEW\n"
          "6007 > TICK\n"
          "6007 < READ 1 above 0 one because BEHIND\n"
          "6007 < READ 2 above 1 because BEHIND\n"
          "6008 > PAGE 1: e1\n"
          "6008 < DELIVER L2 w1 S e1 attempt 2 batch 2 because DUE\n");
}

static void
what_is_redriven_goes_in_a_batch_too (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook batch 2 wait 0\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 100\n"
          "   5 > PUBLISH r1 at 5 e1 e2\n"
          "   5 < APPEND 2 e1 e2 because NEW\n"
          "   6 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   6 < ANSWER OK because KEPT\n"
          "   6 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   6 < DELIVER L1 w1 S e1 attempt 1 batch 1 because NEW\n"
          "   6 < DELIVER L2 w1 S e2 attempt 1 batch 1 because NEW\n"
          "   8 > SETTLE L1 ok\n"
          "   8 < SAVE 3: S 1 attempt 1 ok, S floor 1\n"
          "   8 > SETTLE L2 fail\n"
          "   8 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2 quiet\n"
          "  20 > REDRIVE S 2 attempts 1\n"
          "  20 < READ 1 above 1 one because BEHIND\n"
          "  20 < SAVE 5: S 2 retry attempts 1, S floor 2 quiet\n"
          "  21 > PAGE 1: e2\n"
          "  21 < DELIVER L3 w1 S e2 attempt 2 batch 2 because DUE\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_full_batch_goes_at_once_and_each_ends_by_itself),
        cmocka_unit_test (what_fills_no_batch_goes_when_its_first_has_waited_long_enough),
        cmocka_unit_test (a_batch_is_one_request_under_way),
        cmocka_unit_test (a_batch_takes_one_token_of_the_rate),
        cmocka_unit_test (the_breaker_judges_a_batch_as_a_whole),
        cmocka_unit_test (what_failed_goes_in_a_later_batch),
        cmocka_unit_test (a_session_that_ends_gives_all_of_its_batch_back),
        cmocka_unit_test (a_part_of_a_batch_may_be_given_back),
        cmocka_unit_test (no_batch_is_larger_than_the_credit),
        cmocka_unit_test (no_batch_is_larger_than_its_bytes),
        cmocka_unit_test (with_order_by_key_a_batch_has_one_event_of_a_key),
        cmocka_unit_test (a_restart_makes_nobody_wait_anew),
        cmocka_unit_test (a_probe_does_not_wait_for_others),
        cmocka_unit_test (what_is_redriven_goes_in_a_batch_too),
    };
    return cmocka_run_group_tests_name ("batching", tests, NULL, NULL);
}
