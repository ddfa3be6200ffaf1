/*  retry_after – what a consumer's Retry-After asks for (RFC 9110, section 10.2.3). */
#ifndef RETRY_AFTER_H
#define RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

//  What is more counts as this: the most that a subscription can honour (retry.retry_after_most_ms,
//  which the broker applies), so that nothing here overflows.
enum { RETRY_AFTER_MOST_MS = 7 * 24 * 3600 * 1000 };

/*  How long to wait, in ms from now_s (wall time), in [0, RETRY_AFTER_MOST_MS].
 *
 *  value         of the header: seconds, or one of the three forms of an HTTP date
 *  returns       false: it is neither, and *wait_ms is untouched
 */
bool retry_after_read (const char *value, int64_t now_s, int64_t *wait_ms);

#endif
