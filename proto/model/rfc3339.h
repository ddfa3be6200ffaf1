/*  rfc3339 – times as RFC 3339 writes them: 2026-11-24T03:00:00.123+01:00. */
#ifndef RFC3339_H
#define RFC3339_H

#include <stdbool.h>
#include <stdint.h>

/*  Of days that exist, with any number of digits after the second, and an offset. A 60th second only
 *  where leap seconds are, at the end of the day in UTC.
 */
bool rfc3339_is_time (const char *text);

/*  The same, and which time it is: ms since 1970, finer digits cut off. Untouched when it is none. */
bool rfc3339_read (const char *text, int64_t *ms);

#endif
