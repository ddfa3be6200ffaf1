#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/play.h"

/*  Its worker dies with e1 begun and e2 kept for later: only e1 is suspect. At the third death it
 *  is poison; before, it is alone with its worker.
 */
static void
a_poison_event_dies_alone (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   2 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "1000 > ALIVE w1 received 2 tells L1 idle L2\n"
          "1100 > GONE w1\n"
          "1200 > HELLO w2 webhook\n"
          "1200 < WELCOME w2 because JOINED\n"
          "1200 > CREDIT w2 99\n"
          "1200 < DELIVER L3 w2 S e2 attempt 1 because SESSION_GONE\n"
          "1200 < DELIVER L4 w2 S e1 attempt 1 because SESSION_GONE\n"
          "1300 > ALIVE w2 received 2 tells L4 idle L3\n"
          "1400 > GONE w2\n"
          "1500 > HELLO w3 webhook\n"
          "1500 < WELCOME w3 because JOINED\n"
          "1500 > CREDIT w3 99\n"
          "1500 < DELIVER L5 w3 S e2 attempt 1 because SESSION_GONE\n"
          "1600 > SETTLE L5 ok by w3\n"
          "1600 < SAVE 3: S 2 attempt 1 ok, S floor 0 +2\n"
          "1700 > PUBLISH r2 e3\n"
          "1700 < APPEND 4 e3 because NEW\n"
          "1701 > PERSISTED 4: e3 seq 3\n"
          "1701 < SETTLED L5 because KEPT\n"
          "1701 < CONFIRM r2 e3 seq 3 because NEW\n"
          "1701 < DELIVER L6 w3 S e1 attempt 1 because ALONE\n"
          "1800 > GONE w3\n"
          "1800 < SAVE 5: S 1 attempt 1 fail, S 1 dead attempts 1, S floor 2\n");
}

static void
a_dead_letter_is_redriven_and_its_attempts_count_anew (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook attempts 2\n"
          "   0 > TENURE last 4 level 4 S floor 4\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   5 > REDRIVE S 2 attempts 2 4 attempts 2 every 1000\n"
          "   5 < READ 1 above 1 one because BEHIND\n"
          "   5 < SAVE 1: S 2 retry attempts 2, S 4 retry attempts 2, S floor 4 quiet\n"
          "   6 > PAGE 1: e2\n"
          "   6 < DELIVER L1 w1 S e2 attempt 3 because DUE\n"
          "   7 > SETTLE L1 retry\n"
          "   7 < SAVE 2: S 2 attempt 3 retry, S 2 retry attempts 3, S floor 4 quiet\n"
          "   8 > REDRIVE S 2 attempts 2\n"
          "1010 > TICK\n"
          "1010 < READ 2 above 1 one because BEHIND\n"
          "1010 < READ 3 above 3 one because BEHIND\n"
          "1011 > PAGE 2: e2\n"
          "1011 < DELIVER L2 w1 S e2 attempt 4 because DUE\n"
          "1012 > PAGE 3: e4\n"
          "1012 < DELIVER L3 w1 S e4 attempt 3 because DUE\n"
          "1013 > SETTLE L2 retry\n"
          "1013 < SAVE 3: S 2 attempt 4 retry, S 2 dead attempts 4, S floor 4 quiet\n"
          "1014 > DISCARD S 2 3\n"
          "1014 < SAVE 4: S 2 ended, S 3 ended\n");
}

/*  An older one of its key comes back from the dead while a later one is under way: never two at
 *  a time.
 */
static void
a_redriven_letter_waits_for_its_key (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key\n"
          "   0 > TENURE last 1 level 1 S floor 1\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e2/k e3/k\n"
          "   1 < APPEND 1 e2 e3 because NEW\n"
          "   2 > PERSISTED 1: e2 seq 2, e3 seq 3\n"
          "   2 < CONFIRM r1 e2 seq 2 e3 seq 3 because NEW\n"
          "   2 < DELIVER L1 w1 S e2 attempt 1 because NEW\n"
          "   3 > REDRIVE S 1 attempts 3\n"
          "   3 < READ 1 above 0 one because BEHIND\n"
          "   3 < SAVE 2: S 1 retry attempts 3, S floor 1\n"
          "   4 > PAGE 1: e1/k\n"
          "   5 > SETTLE L1 ok\n"
          "   5 < READ 2 above 0 one because BEHIND\n"
          "   5 < SAVE 3: S 2 attempt 1 ok, S floor 2\n"
          "   6 > SETTLE L2 ok\n"
          "   6 < ERROR w1 BAD_MESSAGE because ANOTHERS\n"
          "   6 < SETTLED L2 because STALE\n"
          "   7 > SETTLE L3 ok\n"
          "   7 < ERROR w1 BAD_MESSAGE because ANOTHERS\n"
          "   7 < SETTLED L3 because STALE\n");
}

static void
a_replay_reads_its_stretch_beside_live_traffic (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > TENURE last 4 level 4 S floor 4\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > REPLAY S r1 from 1 until 3\n"
          "   1 < READ 1 above 1 because BEHIND\n"
          "   1 < SAVE 1: S~r1, S~r1 floor 1\n"
          "   2 > PUBLISH r1 e5\n"
          "   2 < APPEND 2 e5 because NEW\n"
          "   3 > PERSISTED 2: e5 seq 5\n"
          "   3 < ANSWER OK because KEPT\n"
          "   3 < CONFIRM r1 e5 seq 5 because NEW\n"
          "   3 < DELIVER L1 w1 S e5 attempt 1 because NEW\n"
          "   4 > PAGE 1: e2 e3 e4 e5\n"
          "   4 < DELIVER L2 w1 S~r1 e2 attempt 1 because NEW\n"
          "   4 < DELIVER L3 w1 S~r1 e3 attempt 1 because NEW\n"
          "   5 > SETTLE L2 ok\n"
          "   5 < SAVE 3: S~r1 2 attempt 1 ok, S~r1 floor 2\n"
          "   6 > SETTLE L3 ok\n"
          "   6 < SAVE 4: S~r1 3 attempt 1 ok, S~r1, S~r1 floor 3\n"
          "   6 > TICK\n"
          "   7 > PUBLISH r1 e6\n"
          "   7 < APPEND 5 e6 because NEW\n"
          "   8 > PERSISTED 5: e6 seq 6\n"
          "   8 < SETTLED L2 because KEPT\n"
          "   8 < SETTLED L3 because KEPT\n"
          "   8 < CONFIRM r1 e6 seq 6 because NEW\n"
          "   8 < DELIVER L4 w1 S e6 attempt 1 because NEW\n"
          "   9 > UNSUBSCRIBE S\n"
          "   9 < SAVE 6: S~r1 gone, S gone\n");
}

static void
retention_takes_what_nobody_needs_and_no_more (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > SUBSCRIBE behind exec\n"
          "   0 > TENURE last 2000 level 2000 S floor 2000 behind floor 1200\n"
          "   1 > TRIM 1900\n"
          "   1 < SAVE 1: trim 500\n"
          "   2 > PERSISTED 1\n"
          "   2 < SAVE 2: trim 1000\n"
          "   3 > PERSISTED 2\n"
          "   3 < SAVE 3: trim 1200\n"
          "   4 > PERSISTED 3\n"
          "   5 > TRIM 1900 hard 1500\n"
          "   5 < SAVE 4: trim 1500, behind floor 1500\n"
          "   6 > PERSISTED 4\n"
          "   7 > TRIM 1900\n");
}

static void
what_is_too_old_is_tried_no_more (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook ttl 5000 attempts 50\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 1\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "4900 > SETTLE L1 retry after 500\n"
          "4900 < SAVE 3: S 1 attempt 1 retry, S 1 dead attempts 1, S floor 1\n"
          "6000 > ALIVE w1 received 1\n"
          "6000 > CREDIT w1 9\n"
          "6000 < SAVE 4: S 2 dead attempts 0, S floor 2 quiet\n");
}

static void
one_that_expires_is_gone (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook expires 2000\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1\n"
          "   1 < APPEND 2 e1 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "2000 > TICK\n"
          "2000 < SAVE 3: S gone\n"
          "2001 > SETTLE L1 ok\n"
          "2001 < SAVE 4\n");
}

static void
attempts_are_kept_as_it_asks (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook keep failures in_flight 1\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 2 e1 e2 because NEW\n"
          "   2 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   2 < ANSWER OK because KEPT\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   3 > SETTLE L1 ok\n"
          "   3 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   3 < SAVE 3: S floor 1\n"
          "   4 > SETTLE L2 retry\n"
          "   4 < SAVE 4: S 2 attempt 1 retry, S 2 retry attempts 1, S floor 2 quiet\n");
}

/*  What happens is told on the log, to who asks for it; a letter about a letter is not. */
static void
the_broker_tells_of_itself_and_never_in_a_circle (void **state)
{
    (void)state;
    core_settings_t settings = play_settings ();
    settings.tells = true;
    play_with (
        &settings,
        "   0 > SUBSCRIBE S webhook attempts 1 type tocsin.**\n"
        "   0 < APPEND 1 n_000000000000910a2dec89025cc1 because NEW\n"
        "   0 < SAVE 2: S, S floor 0 quiet\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 < APPEND 3 n_000000000000f893a2eefb32555e because NEW\n"
        "   0 > CREDIT w1 2\n"
        "   1 > NOT_PERSISTED 1 FULL\n"
        "   1 < ANSWER OUTCOME_UNKNOWN because STORE\n"
        "1002 > TICK\n"
        "1002 < SAVE 4: S, S floor 0 quiet\n"
        "1003 > TICK\n"
        "1003 < APPEND 5 n_000000000000910a2dec89025cc1 n_000000000000f893a2eefb32555e because NEW\n");
}

/*  Expired while the broker was down: gone at its start, and the start goes on. */
static void
one_that_expired_meanwhile_is_gone_at_the_start (void **state)
{
    (void)state;
    play ("3000 > SUBSCRIBE S webhook expires 2000\n"
          "3000 < SAVE 1: S gone\n"
          "3000 > SUBSCRIBE other webhook\n"
          "3000 > TENURE last 2 level 2 S floor 2 other floor 2\n");
}

/*  Its workers died over e1 twice: it goes alone, but not past the cap or a pause. */
static void
a_lonely_delivery_goes_by_the_policy_too (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook in_flight 1\n"
          "   0 > TENURE last 0 level 0 S floor 0\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PUBLISH r1 e1 e2\n"
          "   1 < APPEND 1 e1 e2 because NEW\n"
          "   2 > PERSISTED 1: e1 seq 1, e2 seq 2\n"
          "   2 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   2 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "1100 > GONE w1\n"
          "1200 > HELLO w2 webhook\n"
          "1200 < WELCOME w2 because JOINED\n"
          "1200 > CREDIT w2 99\n"
          "1200 < DELIVER L2 w2 S e2 attempt 1 because NEW\n"
          "1300 > SETTLE L2 ok by w2\n"
          "1300 < DELIVER L3 w2 S e1 attempt 1 because SESSION_GONE\n"
          "1300 < SAVE 2: S 2 attempt 1 ok, S floor 0 +2\n"
          "1400 > GONE w2\n"
          "1500 > PUBLISH r2 e3\n"
          "1500 < APPEND 3 e3 because NEW\n"
          "1501 > PERSISTED 4: e3 seq 3\n"
          "1501 < SETTLED L2 because KEPT\n"
          "1501 < CONFIRM r2 e3 seq 3 because NEW\n"
          "1600 > HELLO w3 webhook\n"
          "1600 < WELCOME w3 because JOINED\n"
          "1600 > CREDIT w3 99\n"
          "1600 < DELIVER L4 w3 S e3 attempt 1 because NEW\n"
          "1600 > HELLO w4 webhook\n"
          "1600 < WELCOME w4 because JOINED\n"
          "1600 > CREDIT w4 99\n"
          "1700 > SETTLE L4 ok by w3\n"
          "1700 < DELIVER L5 w4 S e1 attempt 1 because ALONE\n"
          "1700 < SAVE 4: S 3 attempt 1 ok, S floor 0 +2 +3\n"
          "1800 > TICK\n");
}

/*  The broker was killed in the middle of a replay: the rest of it comes after the restart. */
static void
a_replay_goes_on_after_a_restart (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 > REPLAY S r1 from 1 until 3\n"
          "   0 > TENURE last 4 level 4 S floor 4 S~r1 floor 2\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 2 because BEHIND\n"
          "   0 > CREDIT w1 99\n"
          "   1 > PAGE 1: e3 e4\n"
          "   1 < DELIVER L1 w1 S~r1 e3 attempt 1 because NEW\n"
          "   2 > SETTLE L1 ok\n"
          "   2 < SAVE 1: S~r1 3 attempt 1 ok, S~r1, S~r1 floor 3\n"
          "   2 > TICK\n");
}

/*  410 to a replay is meant for its subscription; and one that is made meanwhile stands still too. */
static void
what_stops_a_subscription_stops_its_replays (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook\n"
        "   0 > TENURE last 4 level 4 S floor 4\n"
        "   0 > HELLO w1 webhook\n"
        "   0 < WELCOME w1 because JOINED\n"
        "   0 > CREDIT w1 99\n"
        "   1 > REPLAY S r1 from 1 until 3\n"
        "   1 < READ 1 above 1 because BEHIND\n"
        "   1 < SAVE 1: S~r1, S~r1 floor 1\n"
        "   2 > PAGE 1: e2 e3 e4\n"
        "   2 < DELIVER L1 w1 S~r1 e2 attempt 1 because NEW\n"
        "   2 < DELIVER L2 w1 S~r1 e3 attempt 1 because NEW\n"
        "   3 > SETTLE L1 retry disables\n"
        "   3 < SAVE 2: S~r1 2 attempt 1 retry, S~r1 2 retry attempts 1, S disabled, S~r1, S~r1 floor 2\n"
        "   4 > REPLAY S r2 from 1 until 3\n"
        "   4 < SAVE 3: S~r2, S~r2 floor 1\n"
        "   5 > TICK\n"
        "   6 > SUBSCRIBE S webhook\n"
        "   6 < READ 2 above 1 because BEHIND\n"
        "   6 < SAVE 4: S, S~r1, S~r2\n");
}

/*  Paused when all of its stretch was read and not all sent: it reads the rest once more. */
static void
a_replay_that_was_paused_at_its_end_loses_nothing (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook in_flight 1\n"
          "   0 > REPLAY S r1 from 1 until 3\n"
          "   0 > TENURE last 3 level 3 S floor 3 S~r1 floor 1\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   0 < READ 1 above 1 because BEHIND\n"
          "   0 > CREDIT w1 1\n"
          "   1 > PAGE 1: e2 e3\n"
          "   1 < DELIVER L1 w1 S~r1 e2 attempt 1 because NEW\n"
          "   2 > SUBSCRIBE S webhook paused\n"
          "   2 < SAVE 1: S, S~r1\n"
          "   3 > SUBSCRIBE S webhook\n"
          "   3 < READ 2 above 2 because BEHIND\n"
          "   3 < SAVE 2: S, S~r1\n"
          "   4 > CREDIT w1 99\n"
          "   5 > PAGE 2: e3\n"
          "   5 < DELIVER L2 w1 S~r1 e3 attempt 1 because NEW\n"
          "   6 > SETTLE L1 ok\n"
          "   6 < SAVE 3: S~r1 2 attempt 1 ok, S~r1 floor 2\n"
          "   6 > TICK\n");
}

/*  Two letters of a key were redriven when the broker died: after the restart one waits for the other. */
static void
two_redriven_letters_of_a_key_go_one_after_the_other_after_a_restart (void **state)
{
    (void)state;
    play (
        "   0 > SUBSCRIBE S webhook order key\n"
        "   0 > TENURE last 2 level 2 S floor 2 seq 1 retry attempts 3 due 5 seq 2 retry attempts 3 due 5\n"
        "   0 < READ 1 above 0 one because BEHIND\n"
        "   0 < READ 2 above 1 one because BEHIND\n"
        "   1 > PAGE 1: e1/k\n"
        "   1 > PAGE 2: e2/k\n"
        "   2 > HELLO w1 webhook\n"
        "   2 < WELCOME w1 because JOINED\n"
        "   2 > CREDIT w1 99\n"
        "   5 > TICK\n"
        "   5 < READ 3 above 0 one because BEHIND\n"
        "   5 < READ 4 above 1 one because BEHIND\n"
        "   6 > PAGE 3: e1/k\n"
        "   6 < DELIVER L1 w1 S e1 attempt 4 because DUE\n"
        "   6 > PAGE 4: e2/k\n"
        "   7 > SETTLE L1 ok\n"
        "   7 < READ 5 above 1 one because BEHIND\n"
        "   7 < SAVE 1: S 1 attempt 4 ok, S 1 ended, S floor 2 quiet\n"
        "   8 > PAGE 5: e2/k\n"
        "   8 < DELIVER L2 w1 S e2 attempt 4 because KEY_FREE\n");
}

/*  After a restart e3 comes first and takes the only place for what is read again; e2 of its key puts it
 *  behind. The page that brought e2 was the last, so that nobody else gives the place to e1.
 */
static void
a_place_that_is_free_with_the_last_page_is_given_to_who_waits (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook order key in_flight 1\n"
          "   0 > TENURE last 3 S floor 1 +2 seq 1 retry attempts 1 due 500 seq 3 held\n"
          "   0 < READ 1 above 0 one because BEHIND\n"
          "   0 < READ 2 above 2 one because BEHIND\n"
          "   0 < READ 3 above 1 because BEHIND\n"
          "   0 > HELLO w1 webhook\n"
          "   0 < WELCOME w1 because JOINED\n"
          "   1 > PAGE 1: e1/j\n"
          "   1 > PAGE 2: e3/k\n"
          " 600 > TICK\n"
          " 601 > PAGE 3: e2/k e3\n"
          " 601 < READ 4 above 0 one because BEHIND\n");
}

//  One that is told twice, by a worker that heard nothing of it, is one; an attempt that failed none.
static void
an_end_is_counted_once_and_in_its_own_commit (void **state)
{
    (void)state;
    play ("   0 > SUBSCRIBE S webhook\n"
          "   0 < SAVE 1: S, S floor 0 quiet\n"
          "   1 > PERSISTED 1\n"
          "   1 < ANSWER OK because KEPT\n"
          "   2 > HELLO w1 webhook\n"
          "   2 < WELCOME w1 because JOINED\n"
          "   2 > CREDIT w1 2\n"
          "   3 > PUBLISH r1 e1 e2\n"
          "   3 < APPEND 2 e1 e2 because NEW\n"
          "   5 > PERSISTED 2: e1 seq 1, e2 seq 2\n"
          "   5 < CONFIRM r1 e1 seq 1 e2 seq 2 because NEW\n"
          "   5 < DELIVER L1 w1 S e1 attempt 1 because NEW\n"
          "   5 < DELIVER L2 w1 S e2 attempt 1 because NEW\n"
          "   9 > SETTLE L1 ok counts k\n"
          "   9 < SAVE 3: S 1 attempt 1 ok, S counts k, S floor 1\n"
          "  10 > SETTLE L1 ok counts k\n"
          "  11 > PERSISTED 3\n"
          "  11 < SETTLED L1 because KEPT\n"
          "  12 > SETTLE L1 ok counts k\n"
          "  12 < SETTLED L1 because STALE\n"
          "  13 > SETTLE L2 fail counts k\n"
          "  13 < SAVE 4: S 2 attempt 1 fail, S 2 dead attempts 1, S floor 2 quiet\n");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_poison_event_dies_alone),
        cmocka_unit_test (a_dead_letter_is_redriven_and_its_attempts_count_anew),
        cmocka_unit_test (a_redriven_letter_waits_for_its_key),
        cmocka_unit_test (a_replay_reads_its_stretch_beside_live_traffic),
        cmocka_unit_test (retention_takes_what_nobody_needs_and_no_more),
        cmocka_unit_test (what_is_too_old_is_tried_no_more),
        cmocka_unit_test (one_that_expires_is_gone),
        cmocka_unit_test (one_that_expired_meanwhile_is_gone_at_the_start),
        cmocka_unit_test (a_lonely_delivery_goes_by_the_policy_too),
        cmocka_unit_test (a_replay_goes_on_after_a_restart),
        cmocka_unit_test (what_stops_a_subscription_stops_its_replays),
        cmocka_unit_test (a_replay_that_was_paused_at_its_end_loses_nothing),
        cmocka_unit_test (two_redriven_letters_of_a_key_go_one_after_the_other_after_a_restart),
        cmocka_unit_test (attempts_are_kept_as_it_asks),
        cmocka_unit_test (the_broker_tells_of_itself_and_never_in_a_circle),
        cmocka_unit_test (an_end_is_counted_once_and_in_its_own_commit),
        cmocka_unit_test (a_place_that_is_free_with_the_last_page_is_given_to_who_waits),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
