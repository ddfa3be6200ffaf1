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

static bool
read_date (cursor_t *cursor)
{
    int year = digits (cursor, 4);
    expect (cursor, '-', '-');
    int month = digits (cursor, 2);
    expect (cursor, '-', '-');
    int day = digits (cursor, 2);
    return cursor->at && day >= 1 && day <= days_of_month (year, month);
}

static void
skip_fraction (cursor_t *cursor)
{
    if (!cursor->at || *cursor->at != '.')
        return;
    cursor->at++;
    digits (cursor, 1);
    while (cursor->at && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
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
rfc3339_is_time (const char *text)
{
    cursor_t cursor = {text};
    if (!read_date (&cursor))
        return false;
    expect (&cursor, 'T', 't');
    int hour = digits (&cursor, 2);
    expect (&cursor, ':', ':');
    int minute = digits (&cursor, 2);
    expect (&cursor, ':', ':');
    int second = digits (&cursor, 2);
    skip_fraction (&cursor);
    int offset;
    if (!read_offset (&cursor, &offset) || *cursor.at || hour > 23 || minute > 59 || second > 60)
        return false;
    int utc = (60 * hour + minute - offset + MINUTES_OF_DAY) % MINUTES_OF_DAY;
    return second < 60 || utc == MINUTES_OF_DAY - 1;
}
