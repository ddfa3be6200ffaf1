#include "cli/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/moment.h"
#include "proto/model/rfc3339.h"

enum { RATE_MOST = 1000000, AGO_MOST = 100000, DIGITS_MOST = 18 };

long
number_read (struct argp_state *state, const char *text, long least, long most)
{
    char *end;
    long number = strtol (text, &end, 10);
    if (end == text || *end || number < least || number > most)
        argp_error (state, "\"%s\" is no number from %ld to %ld", text, least, most);
    return number;
}

double
number_read_rate (struct argp_state *state, const char *text)
{
    char *end;
    double rate = strtod (text, &end);
    if (end == text || *end || !(rate > 0) || rate > RATE_MOST)
        argp_error (state, "\"%s\" is no number above 0, and up to %d", text, RATE_MOST);
    return rate;
}

static int64_t
unit_ms (char unit)
{
    switch (unit) {
        case 's': return 1000;
        case 'm': return 60 * 1000;
        case 'h': return 3600 * 1000;
        case 'd': return 24 * 3600 * 1000;
        default: return 0;
    }
}

bool
number_read_time (const char *text, int64_t now_ms, char time [NUMBER_TIME_SIZE])
{
    int64_t ms;
    char *end, moment [MOMENT_SIZE];
    long ago = strtol (text, &end, 10);
    if (end > text && ago >= 0 && ago <= AGO_MOST && unit_ms (*end) > 0 && !end [1])
        snprintf (time, NUMBER_TIME_SIZE, "%.39s",
                  moment_text (now_ms - ago * unit_ms (*end), moment));
    else if (strlen (text) < NUMBER_TIME_SIZE && rfc3339_read (text, &ms))
        strcpy (time, text);
    else
        return false;
    return true;
}

json_t *
number_read_place (const char *text, int64_t now_ms)
{
    char time [NUMBER_TIME_SIZE];
    size_t size = strlen (text);
    if (size > 0 && size <= DIGITS_MOST && strspn (text, "0123456789") == size)
        return json_pack ("{s:I}", "seq", (json_int_t)atoll (text));
    if (number_read_time (text, now_ms, time))
        return json_pack ("{s:s}", "time", time);
    return NULL;
}
