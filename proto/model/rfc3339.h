/*  rfc3339 – whether a text is a time as RFC 3339 writes them: 2026-11-24T03:00:00.123+01:00. */
#ifndef RFC3339_H
#define RFC3339_H

#include <stdbool.h>

/*  Of days that exist, with any number of digits after the second, and an offset. A 60th second only
 *  where leap seconds are, at the end of the day in UTC.
 */
bool rfc3339_is_time (const char *text);

#endif
