#include "worker/actions/retry_after.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

enum { VALUE_MOST = 40 };  //  bytes; the longest date has 33

static const char *
skip_blanks (const char *at)
{
    return at + strspn (at, " \t");
}

static bool
ends_here (const char *at)
{
    return *skip_blanks (at) == '\0';
}

static bool
read_seconds (const char *value, int64_t *wait_ms)
{
    size_t digits = strspn (value, "0123456789");
    if (digits == 0 || !ends_here (value + digits))
        return false;
    int64_t seconds = 0;
    for (size_t i = 0; i < digits && seconds < RETRY_AFTER_MOST_MS; i++)
        seconds = seconds * 10 + (value [i] - '0');
    *wait_ms = seconds < RETRY_AFTER_MOST_MS / 1000 ? seconds * 1000 : RETRY_AFTER_MOST_MS;
    return true;
}

//  IMF-fixdate, RFC 850, asctime. Day and month are English, since nobody calls setlocale.
static bool
read_date (const char *value, time_t *date)
{
    static const char *const forms [] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                         "%a %b %e %H:%M:%S %Y"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm fields = {0};
        const char *end = strptime (value, forms [i], &fields);
        if (end && ends_here (end)) {
            *date = timegm (&fields);
            return true;
        }
    }
    return false;
}

bool
retry_after_read (const char *value, int64_t now_s, int64_t *wait_ms)
{
    value = skip_blanks (value);
    if (strlen (value) > VALUE_MOST)
        return false;
    if (read_seconds (value, wait_ms))
        return true;
    time_t date;
    if (!read_date (value, &date))
        return false;
    int64_t wait_s = (int64_t)date - now_s;
    if (wait_s <= 0)
        *wait_ms = 0;
    else
        *wait_ms = wait_s < RETRY_AFTER_MOST_MS / 1000 ? wait_s * 1000 : RETRY_AFTER_MOST_MS;
    return true;
}
