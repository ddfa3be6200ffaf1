#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES = 1024,
    LINE_BYTES = 2 * MESSAGE_BYTES + 160,  //  a message whose every byte is escaped, and the head
    TIME_BYTES = 32
};

static const char *const level_names [] = {"error", "warning", "notice", "info", "debug"};
static const char *const format_names [] = {"text", "json"};

static log_level_t most = LOG_INFO;
static log_format_t form = LOG_AS_TEXT;

void
log_set_level (log_level_t level)
{
    most = level;
}

void
log_set_format (log_format_t format)
{
    form = format;
}

bool
log_level_from_name (const char *name, log_level_t *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names [0]; i++)
        if (strcmp (name, level_names [i]) == 0) {
            *level = (log_level_t)i;
            return true;
        }
    return false;
}

bool
log_format_from_name (const char *name, log_format_t *format)
{
    for (size_t i = 0; i < sizeof format_names / sizeof format_names [0]; i++)
        if (strcmp (name, format_names [i]) == 0) {
            *format = (log_format_t)i;
            return true;
        }
    return false;
}

static void
log_format_time (char text [TIME_BYTES])
{
    struct timespec now;
    struct tm parts;
    clock_gettime (CLOCK_REALTIME, &now);
    gmtime_r (&now.tv_sec, &parts);
    size_t size = strftime (text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf (text + size, TIME_BYTES - size, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

/*  A message that was cut within a character of UTF-8 loses the rest of it. */
static void
log_cut (char *message)
{
    size_t size = strlen (message);
    while (size > 0 && ((unsigned char)message [size - 1] & 0xC0) == 0x80)
        size--;
    if (size > 0 && ((unsigned char)message [size - 1] & 0x80) != 0)
        size--;
    message [size] = 0;
}

/*  Somebody else's words may be in it: they must not look like a line of ours. */
static void
log_tame (char *message)
{
    for (; *message; message++)
        if ((unsigned char)*message < ' ' || *message == 127)
            *message = '?';
}

/*  The inside of a JSON string. `to` has room for twice the message. */
static void
log_escape (const char *message, char *to)
{
    for (; *message; message++) {
        if (*message == '"' || *message == '\\')
            *to++ = '\\';
        *to++ = *message;
    }
    *to = 0;
}

static size_t
log_format_line (log_level_t level, const char *role, const char *message, char line [LINE_BYTES])
{
    char time [TIME_BYTES];
    log_format_time (time);
    if (form == LOG_AS_TEXT)
        return (size_t)snprintf (line, LINE_BYTES, "%s %s %s: %s\n", time, level_names [level],
                                 role, message);

    char escaped [2 * MESSAGE_BYTES];
    log_escape (message, escaped);
    return (size_t)snprintf (line, LINE_BYTES,
                             "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%.40s\",\"message\":"
                             "\"%s\"}\n",
                             time, level_names [level], role, escaped);
}

void
log_write (log_level_t level, const char *role, const char *format, ...)
{
    if (level > most)
        return;
    char message [MESSAGE_BYTES];
    va_list arguments;
    va_start (arguments, format);
    int size = vsnprintf (message, sizeof message, format, arguments);
    va_end (arguments);
    if (size >= MESSAGE_BYTES)
        log_cut (message);
    log_tame (message);

    char line [LINE_BYTES];
    size_t line_size = log_format_line (level, role, message, line);
    //  One write, so that the lines of two threads never mix. A log that cannot be written is no
    //  reason to stop, and there is nowhere to say it.
    ssize_t written =
        write (STDERR_FILENO, line, line_size < LINE_BYTES ? line_size : LINE_BYTES - 1);
    (void)written;
}
