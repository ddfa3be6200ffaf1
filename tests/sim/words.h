/*  words – a subscription from the words of a play: "order=key in_flight=2 attempts=3 type=a ttl=500
 *  rate=5 burst=2 failures=3 probe=1000 earliest action=exec nowhere emit=c", separated by blanks. What it can say is in words.c.
 */
#ifndef WORDS_H
#define WORDS_H

#include "proto/model/subscription.h"

json_t *words_document (const char *id, const char *words, int64_t now_ms);  //  the caller's

//  The caller's. now_ms: its version, and what "expires=" counts from.
subscription_t *words_subscription (const char *id, const char *words, int64_t now_ms,
                                    const limits_t *limits);

#endif
