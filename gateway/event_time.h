/*  event_time – milliseconds as RFC 3339 text, without the lock that gmtime_r takes. */
#ifndef EVENT_TIME_H
#define EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { EVENT_TIME_SIZE = 25 };  //  "2026-11-24T03:00:00.123Z" and the final zero

//  False, and nothing written, outside the years 1970 to 9999.
bool event_time_text (int64_t ms, char text [EVENT_TIME_SIZE]);

typedef struct {
    int year, month, day;  //  month and day from 1
    int weekday;           //  0 is Sunday
    int hour, minute, second, ms;
} event_time_t;
event_time_t event_time_split (int64_t ms);  //  since 1970, UTC; not negative

#endif
