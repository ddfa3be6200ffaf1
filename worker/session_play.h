/*  session_play – a transcript of a worker's session: what it hears, and what it wants done.
 *
 *      "   0 < HELLO\n"
 *      "   5 > WELCOME s1 1000\n"
 *      "   5 < CREDIT 5 bytes 1000\n"
 *
 *  Lines with > are ms and an input, lines with < what comes of it, all of it, in order. When they
 *  differ the test fails and shows what came; TOCSIN_BLESS=1 prints it as C, to be read and pasted.
 *
 *      WELCOME s1 HEARTBEAT_MS [CAPACITY] [former NUMBER] · DELIVER s1 NUMBER LEASE SUBSCRIPTION [timeout MS] [deadline MS] [size N] [question 1]
 *                                     [batch N]: so many, one after another, of one batch
 *      SETTLED s1 LEASE …           HEARTBEAT s1 [NUMBER of the last delivery]
 *      RESET · BYE s1               FINISH LEASE ok|retry|fail|none …: of a batch, for each
 *      CANCEL s1 LEASE …            TELL LEASE PERCENT [WORD]: how far it is
 *      TICK · LEAVE                 DEADLINE: shows when it wants a tick
 *
 *  Everything it hears is encoded and decoded on the way, as by the link.
 */
#ifndef SESSION_PLAY_H
#define SESSION_PLAY_H

#include "worker/session.h"

void session_play (const char *transcript);  //  a capacity of 4, of 1000 bytes; seed 1
void session_play_with (const worker_session_settings_t *settings, const char *transcript);
worker_session_settings_t session_play_settings (void);

#endif
