#include "gateway/event_time.h"

#include <stddef.h>

enum { DAY_MS = 86400000, FIRST_WEEKDAY = 4 };  //  1970 began on a Thursday
static const int64_t year_10000_ms = 253402300800000;

//  The calendar of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" (civil_from_days):
//  years begin in March, so that the leap day is their last, and 400 of them repeat.
event_time_t
event_time_split (int64_t ms)
{
    int64_t days = ms / DAY_MS;
    int rest = (int)(ms % DAY_MS);
    int64_t shifted = days + 719468;  //  days from 1 March of the year 0
    int64_t era = shifted / 146097;
    int day_of_era = (int)(shifted % 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (event_time_t){
        .year = (int)(era * 400) + year_of_era + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
        .weekday = (int)((days + FIRST_WEEKDAY) % 7),
        .hour = rest / 3600000,
        .minute = rest / 60000 % 60,
        .second = rest / 1000 % 60,
        .ms = rest % 1000,
    };
}

static char *
put_digits (char *at, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at [i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digits;
}

bool
event_time_text (int64_t ms, char text [EVENT_TIME_SIZE])
{
    if (ms < 0 || ms >= year_10000_ms)
        return false;
    event_time_t time = event_time_split (ms);
    const struct {
        int number, digits;
        char after;
    } parts [] = {{time.year, 4, '-'}, {time.month, 2, '-'},  {time.day, 2, 'T'},
                  {time.hour, 2, ':'}, {time.minute, 2, ':'}, {time.second, 2, '.'},
                  {time.ms, 3, 'Z'}};
    char *at = text;
    for (size_t i = 0; i < sizeof (parts) / sizeof (*parts); i++) {
        at = put_digits (at, parts [i].number, parts [i].digits);
        *at++ = parts [i].after;
    }
    *at = 0;
    return true;
}
