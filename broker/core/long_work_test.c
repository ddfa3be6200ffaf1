//  An attempt of six days: nothing but its worker's silence takes the lease away.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/core/play.h"

#define DAY_MS  INT64_C (86400000)
#define BEAT_MS INT64_C (60000)

//  w1 has L1 of e1, at 2 ms.
static const char begun [] = "   0 > SUBSCRIBE S webhook timeout 604800000\n"
                             "   0 > TENURE last 0 S floor 0\n"
                             "   0 > HELLO w1 webhook\n"
                             "   0 < WELCOME w1 because JOINED\n"
                             "   0 > CREDIT w1 1\n"
                             "   1 > PUBLISH r1 e1\n"
                             "   1 < APPEND 1 e1 because NEW\n"
                             "   2 > PERSISTED 1: e1 seq 1\n"
                             "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
                             "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n";

static void
beat (FILE *script, int64_t from_ms, int64_t until_ms)
{
    for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms += BEAT_MS)
        fprintf (script, "%lld > ALIVE w1 received 1 tells L1\n", (long long)now_ms);
}

static void
say (FILE *script, int64_t now_ms, const char *line)
{
    fprintf (script, "%4lld %s\n", (long long)now_ms, line);
}

static void
play_long (void (*write) (FILE *script))
{
    char *transcript = NULL;
    size_t size = 0;
    FILE *script = open_memstream (&transcript, &size);
    fputs (begun, script);
    write (script);
    fclose (script);
    core_settings_t settings = play_settings ();
    settings.heartbeat_ms = BEAT_MS;
    settings.level_ms = 10 * DAY_MS;
    play_with (&settings, transcript);
    free (transcript);
}

//  Meanwhile the log goes on, and retention takes what it may: not the event that is worked on.
static void
write_six_days (FILE *script)
{
    beat (script, BEAT_MS, 3 * DAY_MS);
    say (script, 3 * DAY_MS, "> PUBLISH r2 e2");
    say (script, 3 * DAY_MS, "< APPEND 2 e2 because NEW");
    say (script, 3 * DAY_MS, "> PERSISTED 2: e2 seq 2");
    say (script, 3 * DAY_MS, "< CONFIRM r2 e2 seq 2 because NEW");
    say (script, 3 * DAY_MS, "> TRIM 2");
    beat (script, 3 * DAY_MS, 6 * DAY_MS);
    say (script, 6 * DAY_MS, "> SETTLE L1 ok");
    say (script, 6 * DAY_MS, "< SAVE 3: S 1 attempt 1 ok, S floor 1");
    say (script, 6 * DAY_MS, "> PERSISTED 3");
    say (script, 6 * DAY_MS, "< SETTLED L1 because KEPT");
}

static void
an_attempt_of_six_days_keeps_its_lease (void **state)
{
    (void)state;
    play_long (write_six_days);
}

//  Seven days, and the half minute in which a worker may keep it before it begins.
static void
write_too_long (FILE *script)
{
    int64_t over_ms = 7 * DAY_MS + 30002;
    beat (script, BEAT_MS, over_ms);
    say (script, over_ms, "> TICK");
    say (script, over_ms, "< SAVE 2: S 1 attempt 1 retry, S 1 retry attempts 1, S floor 1 quiet");
    say (script, over_ms + 1, "> SETTLE L1 ok");
    say (script, over_ms + 1, "< SETTLED L1 because STALE");
}

static void
after_its_time_it_is_taken_back (void **state)
{
    (void)state;
    play_long (write_too_long);
}

//  Three heartbeats fail to come, in the sixth day: another one gets it, and that is no attempt.
static void
write_silence (FILE *script)
{
    int64_t last_ms = 5 * DAY_MS;
    beat (script, BEAT_MS, last_ms + 1);
    int64_t gone_ms = last_ms + 3 * BEAT_MS;
    say (script, gone_ms, "> TICK");
    say (script, gone_ms, "> HELLO w2 webhook");
    say (script, gone_ms, "< WELCOME w2 because JOINED");
    say (script, gone_ms, "> CREDIT w2 1");
    say (script, gone_ms, "< DELIVER L2 w2 S e1 attempt 1 because SESSION_GONE");
}

static void
a_worker_that_falls_silent_loses_it_however_long_it_has_worked (void **state)
{
    (void)state;
    play_long (write_silence);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_attempt_of_six_days_keeps_its_lease),
        cmocka_unit_test (after_its_time_it_is_taken_back),
        cmocka_unit_test (a_worker_that_falls_silent_loses_it_however_long_it_has_worked),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
