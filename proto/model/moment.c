#include "proto/model/moment.h"

#include <stdio.h>
#include <time.h>

const char *
moment_text (int64_t ms, char text [MOMENT_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts = {0};
    gmtime_r (&seconds, &parts);
    size_t size = strftime (text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf (text + size, MOMENT_SIZE - size, ".%03dZ", (int)(ms % 1000));
    return text;
}
