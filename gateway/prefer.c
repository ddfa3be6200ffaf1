#include "gateway/prefer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGITS_MOST = 9 };

//  `=10`, `= "10"`: the number; -1 when it is none.
static int64_t
read_number (const char *text)
{
    text += strspn (text, " \t");
    if (*text++ != '=')
        return -1;
    text += strspn (text, " \t");
    bool is_quoted = *text == '"';
    text += is_quoted;
    size_t digits = strspn (text, "0123456789");
    if (is_quoted && text [digits] != '"')
        return -1;
    const char *end = text + digits + is_quoted;
    if (digits == 0 || digits > DIGITS_MOST || !strchr (",; \t", *end))
        return -1;
    return strtoll (text, NULL, 10);
}

//  The first that is there counts, as the RFC says.
int64_t
prefer_read_wait (const char *prefer)
{
    while (prefer && *prefer) {
        prefer += strspn (prefer, " \t,");
        if (strncasecmp (prefer, "wait", 4) == 0 && strchr ("= \t", prefer [4]) && prefer [4])
            return read_number (prefer + 4);
        prefer += strcspn (prefer, ",");
    }
    return -1;
}

int64_t
prefer_wait_s (const request_t *request)
{
    int64_t wait_s = prefer_read_wait (request_header (request, "Prefer"));
    int64_t most_s = settings_number (request->services->settings, "gateway/wait_most_s");
    return wait_s < most_s ? wait_s : most_s;
}

void
prefer_applied (answer_t *answer, int64_t wait_s)
{
    char value [32];
    snprintf (value, sizeof value, "wait=%lld", (long long)wait_s);
    answer_header (answer, "Preference-Applied", value);
}

bool
prefer_enter (request_t *request)
{
    services_t *services = request->services;
    int64_t most = settings_number (services->settings, "gateway/waiting");
    if (atomic_fetch_add (&services->waiting, 1) < most)
        return true;
    prefer_leave (request);
    return false;
}

void
prefer_leave (request_t *request)
{
    atomic_fetch_sub (&request->services->waiting, 1);
}
