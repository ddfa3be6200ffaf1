#include "proto/model/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/model/utf8.h"

typedef struct {
    const char *name;
    int http;
    int kinto_errno;
    repeat_t repeat;
    const char *text;
} face_t;

static const face_t faces [STATUSES] = {
#define STATUS(name, http, kinto_errno, repeat, text) \
    [STATUS_##name] = {#name, http, kinto_errno, REPEAT_##repeat, text},
#include "proto/model/status.tbl"
};

//  A number that is none (from a newer peer, say) reads as our own mistake.
static const face_t *
face (status_t status)
{
    return &faces [(unsigned)status < STATUSES ? status : STATUS_INTERNAL];
}

const char *
status_name (status_t status)
{
    return face (status)->name;
}

bool
status_from_name (const char *name, status_t *status)
{
    for (int i = 0; i < STATUSES; i++)
        if (strcmp (name, faces [i].name) == 0) {
            *status = (status_t)i;
            return true;
        }
    return false;
}

int
status_http (status_t status)
{
    return face (status)->http;
}

int
status_errno (status_t status)
{
    return face (status)->kinto_errno;
}

repeat_t
status_repeat (status_t status)
{
    return face (status)->repeat;
}

const char *
status_text (status_t status)
{
    return face (status)->text;
}

//  A sentence may quote what a peer sent, and goes out as JSON: what is no character becomes '?',
//  and one that was cut in two at the end goes.
static void
make_text (char *text, bool was_cut)
{
    size_t size = strlen (text);
    for (size_t at = 0; at < size;) {
        size_t length = utf8_character (text + at, size - at);
        if (length == 0 && was_cut && size - at < 4 && (text [at] & 0xc0) == 0xc0) {
            text [at] = 0;
            return;
        }
        if (length == 0 || utf8_is_control (text + at, length))
            memset (text + at, '?', length ? length : 1);
        at += length ? length : 1;
    }
}

static status_t
fill (problem_t *problem, status_t status, const char *name, const char *format, va_list values)
{
    if (!problem)
        return status;
    problem_t filled = {.status = status};
    int length = vsnprintf (filled.text, sizeof (filled.text), format, values);
    make_text (filled.text, length >= (int)sizeof (filled.text));
    int name_length = snprintf (filled.name, sizeof (filled.name), "%s", name);
    make_text (filled.name, name_length >= (int)sizeof (filled.name));
    *problem = filled;  //  last: a value may be the problem's own text
    return status;
}

status_t
problem_set (problem_t *problem, status_t status, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    fill (problem, status, "", format, values);
    va_end (values);
    return status;
}

status_t
problem_at (problem_t *problem, status_t status, const char *name, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    fill (problem, status, name, format, values);
    va_end (values);
    return status;
}
