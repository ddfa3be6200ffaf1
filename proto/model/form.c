#include "proto/model/form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/model/utf8.h"

enum { NAME_SHOWN = 40, LIST_SHOWN = 160 };

const char *
form_path (const form_t *self, const char *name, char path [FORM_PATH_SIZE])
{
    const char *between = *self->at && *name ? "." : "";
    int size = snprintf (path, FORM_PATH_SIZE, "%s%s%s", self->at, between, name);
    return size > 0 ? path : "the document";
}

status_t
form_refuse (const form_t *self, const char *name, const char *format, ...)
{
    char path [FORM_PATH_SIZE], sentence [240];
    va_list values;
    va_start (values, format);
    vsnprintf (sentence, sizeof (sentence), format, values);
    va_end (values);
    const char *where = form_path (self, name, path);
    return problem_at (self->problem, self->status, path, "%s: %s", where, sentence);
}

//  Whether a word is one of some that are separated by blanks.
static bool
is_known (const char *word, const char *known)
{
    size_t size = strlen (word);
    while (*known) {
        size_t length = strcspn (known, " ");
        if (length == size && memcmp (known, word, size) == 0)
            return true;
        known += length;
        known += strspn (known, " ");
    }
    return false;
}

status_t
form_members (const form_t *self, const char *known)
{
    if (!self->json)
        return STATUS_OK;
    if (!json_is_object (self->json))
        return form_refuse (self, "", "it is an object with %s", known);
    const char *name;
    json_t *member;
    json_object_foreach ((json_t *)(uintptr_t)self->json, name, member)
    {
        if (!is_known (name, known) && strlen (known) > LIST_SHOWN)
            return form_refuse (self, "",
                                "\"%.*s\" is no member of it; docs/subscriptions.md has those "
                                "that there are",
                                NAME_SHOWN, name);
        if (!is_known (name, known))
            return form_refuse (self, "", "\"%.*s\" is no member of it; there are %s", NAME_SHOWN,
                                name, known);
    }
    return STATUS_OK;
}

form_t
form_part (const form_t *self, const char *name)
{
    form_t part = *self;
    part.at = name;
    part.json = json_object_get (self->json, name);
    part.made = json_object ();
    json_object_set_new (self->made, name, part.made);
    return part;
}

status_t
form_integer (const form_t *self, const char *name, int64_t standard, int64_t least, int64_t most)
{
    const json_t *json = json_object_get (self->json, name);
    if (json && !json_is_integer (json))
        return form_refuse (self, name, "it is a whole number in %lld … %lld", (long long)least,
                            (long long)most);
    int64_t value = json ? json_integer_value (json) : standard;
    if (value < least || value > most)
        return form_refuse (self, name, "%lld is not in %lld … %lld", (long long)value,
                            (long long)least, (long long)most);
    json_object_set_new (self->made, name, json_integer (value));
    return STATUS_OK;
}

//  A whole number stays one, so that it is shown as it was given.
status_t
form_number (const form_t *self, const char *name, double standard, double least, double most)
{
    const json_t *json = json_object_get (self->json, name);
    if (json && !json_is_number (json))
        return form_refuse (self, name, "it is a number in %g … %g", least, most);
    double value = json ? json_number_value (json) : standard;
    if (!(value >= least && value <= most))
        return form_refuse (self, name, "%g is not in %g … %g", value, least, most);
    json_object_set_new (self->made, name,
                         json ? json_copy ((json_t *)(uintptr_t)json) : json_real (standard));
    return STATUS_OK;
}

status_t
form_flag (const form_t *self, const char *name, bool standard)
{
    const json_t *json = json_object_get (self->json, name);
    if (json && !json_is_boolean (json))
        return form_refuse (self, name, "it is true or false");
    json_object_set_new (self->made, name, json_boolean (json ? json_is_true (json) : standard));
    return STATUS_OK;
}

status_t
form_word (const form_t *self, const char *name, const char *known, const char *standard)
{
    const json_t *json = json_object_get (self->json, name);
    const char *word = json ? json_string_value (json) : standard;
    if (!word)
        return form_refuse (self, name, "it is a string; there are %s", known);
    if (!is_known (word, known))
        return form_refuse (self, name, "\"%.*s\" is none; there are %s", NAME_SHOWN, word, known);
    json_object_set_new (self->made, name, json_string (word));
    return STATUS_OK;
}

const char *
form_text (const form_t *self, const char *name, size_t most)
{
    const json_t *json = json_object_get (self->json, name);
    const char *text = json_string_value (json);
    size_t size = json_string_length (json);
    if (!json)
        form_refuse (self, name, "it is missing");
    else if (!text || size == 0)
        form_refuse (self, name, "it is a string, and not empty");
    else if (size > most)
        form_refuse (self, name, "%zu bytes are too long; at most %zu", size, most);
    else if (!utf8_is_text (text, size))
        form_refuse (self, name, "it has a control character");
    else
        return text;
    return NULL;
}
