#include "proto/model/rfc3339.h"

enum { MINUTES_OF_DAY = 24 * 60 };

//  The rest of the text; NULL once something did not fit.
typedef struct {
    const char *at;
} cursor_t;

static int
digits (cursor_t *cursor, int count)
{
    int number = 0;
    for (int i = 0; i < count && cursor->at; i++) {
        if (*cursor->at < '0' || *cursor->at > '9') {
            cursor->at = 0;
            return 0;
        }
        number = 10 * number + (*cursor->at++ - '0');
    }
    return number;
}

static void
expect (cursor_t *cursor, char upper, char lower)
{
    if (cursor->at && (*cursor->at == upper || *cursor->at == lower))
        cursor->at++;
    else
        cursor->at = 0;
}

static int
days_of_month (int year, int month)
{
    static const int days [] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12)
        return 0;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days [month - 1] + (month == 2 && is_leap);
}

//  Days from 1970-01-01, of the proleptic Gregorian calendar: "days_from_civil" of Howard Hinnant,
//  "chrono-Compatible Low-Level Date Algorithms".
static int64_t
days_since_1970 (int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool
read_date (cursor_t *cursor, int64_t *days)
{
    int year = digits (cursor, 4);
    expect (cursor, '-', '-');
    int month = digits (cursor, 2);
    expect (cursor, '-', '-');
    int day = digits (cursor, 2);
    if (!cursor->at || day < 1 || day > days_of_month (year, month))
        return false;
    *days = days_since_1970 (year, month, day);
    return true;
}

static int
read_fraction_ms (cursor_t *cursor)
{
    if (!cursor->at || *cursor->at != '.')
        return 0;
    cursor->at++;
    int ms = 100 * digits (cursor, 1);
    for (int unit = 10; cursor->at && *cursor->at >= '0' && *cursor->at <= '9'; unit /= 10)
        ms += unit * (*cursor->at++ - '0');
    return ms;
}

//  Minutes that local time is ahead of UTC.
static bool
read_offset (cursor_t *cursor, int *offset)
{
    *offset = 0;
    if (!cursor->at)
        return false;
    if (*cursor->at == 'Z' || *cursor->at == 'z') {
        cursor->at++;
        return true;
    }
    int sign = *cursor->at == '-' ? -1 : 1;
    expect (cursor, '+', '-');
    int hour = digits (cursor, 2);
    expect (cursor, ':', ':');
    int minute = digits (cursor, 2);
    *offset = sign * (60 * hour + minute);
    return cursor->at && hour <= 23 && minute <= 59;
}

bool
rfc3339_read (const char *text, int64_t *ms)
{
    cursor_t cursor = {text};
    int64_t days;
    if (!read_date (&cursor, &days))
        return false;
    expect (&cursor, 'T', 't');
    int hour = digits (&cursor, 2);
    expect (&cursor, ':', ':');
    int minute = digits (&cursor, 2);
    expect (&cursor, ':', ':');
    int second = digits (&cursor, 2);
    int fraction_ms = read_fraction_ms (&cursor);
    int offset;
    if (!read_offset (&cursor, &offset) || *cursor.at || hour > 23 || minute > 59 || second > 60)
        return false;
    int utc = (60 * hour + minute - offset + MINUTES_OF_DAY) % MINUTES_OF_DAY;
    if (second == 60 && utc != MINUTES_OF_DAY - 1)
        return false;
    int64_t minutes = days * MINUTES_OF_DAY + 60 * hour + minute - offset;
    *ms = (minutes * 60 + second) * 1000 + fraction_ms;
    return true;
}

bool
rfc3339_is_time (const char *text)
{
    int64_t ms;
    return rfc3339_read (text, &ms);
}
