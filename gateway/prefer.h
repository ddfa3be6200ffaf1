/*  prefer – how long a client would like to wait (RFC 7240: `Prefer: wait=10`), and who may.
 *
 *  Who waits holds a thread. So at most gateway/waiting do at a time, and nobody longer than
 *  gateway/wait_most_s; the others are answered at once.
 */
#ifndef PREFER_H
#define PREFER_H

#include "gateway/answer.h"

//  Seconds, cut to gateway/wait_most_s; -1: the client has not said, or not so that it is understood.
int64_t prefer_wait_s (const request_t *request);
int64_t prefer_read_wait (const char *prefer);  //  the value of the header, uncut; NULL: -1

void prefer_applied (answer_t *answer, int64_t wait_s);  //  Preference-Applied: wait=N

//  Room for one more that waits. Whoever has it gives it back.
bool prefer_enter (request_t *request);
void prefer_leave (request_t *request);

#endif
