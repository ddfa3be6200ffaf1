/*  ending – how an attempt ended: its outcome, what it made, and in words why.
 *
 *  Zero-initialised before its first use, used again for the next attempt; its texts are in itself.
 */
#ifndef ENDING_H
#define ENDING_H

#include "proto/wire/message.h"
#include "worker/actions/body.h"

enum { ENDING_ERROR_SIZE = 1024 };

typedef struct {
    settlement_t settlement;  //  without its lease; its texts point to the three below
    int64_t duration_us;      //  as in the settlement, but finer
    char error [ENDING_ERROR_SIZE];
    body_t result, counted;  //  body_free at the end
} ending_t;

void ending_start (ending_t *self, int64_t time_ms);  //  of a new attempt, since 1970

//  It ended without a result of use. The sentence is cut at ENDING_ERROR_SIZE, between characters.
void ending_retry (ending_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));
void ending_fail (ending_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));
void ending_skip (ending_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

/*  What it made, as far as it may be kept: UTF-8 without control characters, at most `most` bytes.
 *  Anything that is none becomes U+FFFD.
 */
void ending_keep_result (ending_t *self, const char *bytes, size_t size, size_t most);

//  The broker counts one more of this key, if it is ok.
void ending_count (ending_t *self, const char *key);

//  How long it took.
void ending_took (ending_t *self, int64_t duration_us);

#endif
