/*  play – a transcript of the core: its inputs, and the effects it must have.
 *
 *      "   0 > SUBSCRIBE S webhook\n"
 *      "   0 > PUBLISH r1 e1\n"
 *      "   0 < APPEND 1 e1\n"
 *
 *  Lines with > are ms and an input, lines with < what comes of it, all of it, in order. When they
 *  differ the test fails and shows what came; TOCSIN_BLESS=1 prints it as C, to be read and pasted.
 *
 *      SUBSCRIBE S ACTION [order key] [attempts N] [in_flight N] [earliest] [type PATTERN] [wants region=eu] …
 *          [emit TYPE] [nowhere] and the other words of play_policy.c; it has a deliver.url, unless
 *          it goes nowhere: its action is then the companion's affair, if it is no webhook
 *      UNSUBSCRIBE S                   PUBLISH r1 [at MS] e1 [e2/key …] [type=a.b]
 *      PERSISTED 3: e1 seq 1, e2 dup 1, e3 taken 1
 *      NOT_PERSISTED 3 FULL            HELLO w1 ACTION [with region=eu …] [instance N] [former w2]
 *      BRING w1 S ACTION [revision N] [kept] and the words of SUBSCRIBE: w1 brings it along
 *      CREDIT w1 N                     SETTLE L1 ok|retry|fail [after MS] [disables] [status N] [took MS] [result WORD] [counts KEY]
 *      RELEASE L1                      ALIVE w1 received N [tells] [L1 …] [idle L2 …]
 *      REPLAY S r1 from N until N      REDRIVE S 4 attempts 3 5 … [every MS] · DISCARD S 4 5 …
 *      CANCEL S 4                      TRIM N [hard N]
 *      PROGRESS w1 L1 PERCENT [WORD]   LOOK S 4: in what state it is, and what was said of it
 *      LISTEN w1                       CATCH_UP w1 S above N
 *      SUBSCRIBE S ACTION phase pre [silence allow|deny] [within MS] · ASK r1 q1 [within MS] [type=a.b]
 *      SETTLE L1 ok says allow|deny|nonsense [because WORD] [sets NAME VALUE …] [by w2]
 *      DRAIN w1 [off]
 *      BYE w1 · GONE w1 · STOP · TICK  PAGE 1: e1 e2 …  ·  PAGE_FAILED 1
 *      TENURE last N [level N] [S floor N [+N …] [seq N retry|held|slow attempts N due MS] …]
 *
 *  A worker's peer and session are its name; leases are L1, L2, … Subscriptions that come before a
 *  TENURE line are loaded from the store; without one, partition 0 is ours from the beginning.
 */
#ifndef PLAY_H
#define PLAY_H

#include "broker/core/core.h"

void play (const char *transcript);
void play_with (const core_settings_t *settings, const char *transcript);
core_settings_t play_settings (void);  //  one partition, seed 1, heartbeats of 1 s

#endif
