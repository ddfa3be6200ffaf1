/*  log – one line an event of ours on stderr: time, level, role, message, key=value.
 *
 *      2026-11-24T03:00:00.123Z warning broker: worker-1 is silent for 3 heartbeats: its 12 leases go back
 *
 *  Any thread. Lines of JSON when log/format says so. Secrets are never logged.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

typedef enum { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG } log_level_t;
typedef enum { LOG_AS_TEXT, LOG_AS_JSON } log_format_t;

//  Before any thread is made.
void log_set_level (log_level_t level);
void log_set_format (log_format_t format);
bool log_level_from_name (const char *name, log_level_t *level);
bool log_format_from_name (const char *name, log_format_t *format);

//  What is longer than a KiB is cut; control characters are shown as ?.
void log_write (log_level_t level, const char *role, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

#define log_error(role, ...)   log_write (LOG_ERROR, role, __VA_ARGS__)
#define log_warning(role, ...) log_write (LOG_WARNING, role, __VA_ARGS__)
#define log_notice(role, ...)  log_write (LOG_NOTICE, role, __VA_ARGS__)
#define log_info(role, ...)    log_write (LOG_INFO, role, __VA_ARGS__)
#define log_debug(role, ...)   log_write (LOG_DEBUG, role, __VA_ARGS__)

#endif
