#include "daemon/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/nearest.h"
#include "daemon/settings_named.h"
#include "daemon/settings_table.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    KEY_BYTES = 64,    //  longer than any key there is
    VALUE_SHOWN = 60,  //  of a wrong value, in a sentence
    ENVIRONMENT_PREFIX = sizeof "TOCSIN_" - 1
};

struct settings {
    char **values;     //  one for each row of settings_table, owned
    int64_t *numbers;  //  the same, of those that are numbers or flags
    named_t *named;    //  those whose key has a name of the user's
    limits_t limits;
};

//  Variables that are no settings.
static const char *const variables [] = {
#define VARIABLE(name, text) name,
#include "daemon/environment.tbl"
};

settings_t *
settings_new (void)
{
    settings_t *self = ALLOCATE (settings_t);
    self->values = (char **)allocate (settings_count, sizeof *self->values);
    self->numbers = (int64_t *)allocate (settings_count, sizeof *self->numbers);
    self->limits = limits_default ();
    for (size_t i = 0; i < settings_count; i++) {
        const setting_t *row = &settings_table [i];
        if (named_is_row (row->key))
            continue;
        problem_t problem;
        status_t status = settings_assign (self, "settings.tbl", row->key, row->standard, &problem);
        ASSERT (!status, "a default that settings itself refuses would stop every role");
    }
    return self;
}

void
settings_destroy (settings_t **self_p)
{
    settings_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < settings_count; i++)
        free (self->values [i]);
    free (self->values);
    free (self->numbers);
    named_destroy (&self->named);
    free (self);
    *self_p = NULL;
}

static status_t
settings_refuse_key (const char *where, const char *key, problem_t *problem)
{
    const char **keys = (const char **)allocate (settings_count, sizeof *keys);
    for (size_t i = 0; i < settings_count; i++)
        keys [i] = settings_table [i].key;
    const char *near = nearest_word (key, keys, settings_count);
    free (keys);

    if (near)
        return problem_at (problem, STATUS_BAD_SETTING, key,
                           "%s: there is no setting %.*s; did you mean %s?", where, VALUE_SHOWN,
                           key, near);
    return problem_at (problem, STATUS_BAD_SETTING, key,
                       "%s: there is no setting %.*s; --sample lists those there are", where,
                       VALUE_SHOWN, key);
}

static status_t
settings_check_text (const setting_t *row, const char *where, const char *value, problem_t *problem)
{
    size_t size = strlen (value);
    if (size < (size_t)row->least)
        return problem_at (problem, STATUS_BAD_SETTING, row->key, "%s: %s is empty; it is %s",
                           where, row->key, row->text);
    if (size > (size_t)row->most)
        return problem_at (problem, STATUS_BAD_SETTING, row->key,
                           "%s: %s has %zu bytes; it may have %lld", where, row->key, size,
                           (long long)row->most);
    return STATUS_OK;
}

static status_t
settings_read_number (const setting_t *row, const char *where, const char *value, int64_t *number,
                      problem_t *problem)
{
    char *end;
    errno = 0;
    long long read = strtoll (value, &end, 10);
    bool is_number = isdigit ((unsigned char)(*value == '-' ? value [1] : *value)) && *end == 0;

    if (row->type == SETTING_FLAG && (!is_number || read < 0 || read > 1))
        return problem_at (problem, STATUS_BAD_SETTING, row->key,
                           "%s: %s is \"%.*s\"; write 0 for no or 1 for yes", where, row->key,
                           VALUE_SHOWN, value);
    if (!is_number)
        return problem_at (problem, STATUS_BAD_SETTING, row->key,
                           "%s: %s is \"%.*s\"; write a whole number from %lld to %lld", where,
                           row->key, VALUE_SHOWN, value, (long long)row->least,
                           (long long)row->most);
    if (errno == ERANGE || read < row->least || read > row->most)
        return problem_at (problem, STATUS_BAD_SETTING, row->key,
                           "%s: %s is %.*s; it must be from %lld to %lld", where, row->key,
                           VALUE_SHOWN, value, (long long)row->least, (long long)row->most);
    *number = read;
    return STATUS_OK;
}

status_t
settings_assign (settings_t *self, const char *where, const char *key, const char *value,
                 problem_t *problem)
{
    size_t i = settings_find (key);
    if (i == settings_count)
        return settings_refuse_key (where, key, problem);

    const setting_t *row = &settings_table [i];
    int64_t number = 0;
    status_t status = row->type == SETTING_TEXT
                          ? settings_check_text (row, where, value, problem)
                          : settings_read_number (row, where, value, &number, problem);
    if (!status && row->is_limit)
        status = limits_set (&self->limits, strchr (key, '/') + 1, number, problem);
    if (status)
        return status;

    if (named_is_row (row->key)) {
        named_keep (&self->named, key, i, value, number);
        return STATUS_OK;
    }
    free (self->values [i]);
    self->values [i] = allocate_copy (value);
    self->numbers [i] = number;
    return STATUS_OK;
}

status_t
settings_set (settings_t *self, const char *key_is_value, problem_t *problem)
{
    const char *equals = strchr (key_is_value, '=');
    if (!equals)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "--set: \"%.*s\" has no `=`; write --set gateway/listen=127.0.0.1:8889",
                            VALUE_SHOWN, key_is_value);
    char key [KEY_BYTES + 1];
    size_t size = (size_t)(equals - key_is_value);
    if (size >= sizeof key)
        size = sizeof key - 1;  //  which is no key there is, and is said to be none
    memcpy (key, key_is_value, size);
    key [size] = 0;
    return settings_assign (self, "--set", key, equals + 1, problem);
}

/*  "gateway/listen" as TOCSIN_GATEWAY_LISTEN. */
static void
settings_variable_of (const char *key, char variable [ENVIRONMENT_PREFIX + KEY_BYTES + 1])
{
    ASSERT (strlen (key) <= KEY_BYTES, "KEY_BYTES must have room for every key of settings.tbl");
    char *to = stpcpy (variable, "TOCSIN_");
    for (; *key; key++)
        *to++ = *key == '/' ? '_' : (char)toupper ((unsigned char)*key);
    *to = 0;
}

static status_t
settings_refuse_variable (const char *name, problem_t *problem)
{
    size_t count = sizeof variables / sizeof variables [0];
    size_t size = ENVIRONMENT_PREFIX + KEY_BYTES + 1;
    char *texts = (char *)allocate (settings_count, size);
    const char **words = (const char **)allocate (settings_count + count, sizeof *words);
    for (size_t i = 0; i < settings_count; i++) {
        if (!named_is_row (settings_table [i].key))
            settings_variable_of (settings_table [i].key, texts + i * size);
        words [i] = texts + i * size;
    }
    memcpy (words + settings_count, variables, sizeof variables);

    const char *near = nearest_word (name, words, settings_count + count);
    status_t status =
        near ? problem_at (problem, STATUS_BAD_SETTING, name,
                           "environment: there is no setting %s; did you mean %s?", name, near)
             : problem_at (problem, STATUS_BAD_SETTING, name,
                           "environment: %s is no setting; unset it, or see --sample", name);
    free (words);
    free (texts);
    return status;
}

static status_t
settings_read_variable (settings_t *self, const char *name, const char *value, problem_t *problem)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables [0]; i++)
        if (strcmp (name, variables [i]) == 0)
            return STATUS_OK;

    for (size_t i = 0; i < settings_count; i++) {
        char variable [ENVIRONMENT_PREFIX + KEY_BYTES + 1];
        settings_variable_of (settings_table [i].key, variable);
        if (strcmp (name, variable) == 0)
            return settings_assign (self, name, settings_table [i].key, value, problem);
    }
    return settings_refuse_variable (name, problem);
}

status_t
settings_read_environment (settings_t *self, char *const *environment, problem_t *problem)
{
    for (; *environment; environment++) {
        const char *equals = strchr (*environment, '=');
        if (strncmp (*environment, "TOCSIN_", ENVIRONMENT_PREFIX) != 0 || !equals)
            continue;
        char name [ENVIRONMENT_PREFIX + KEY_BYTES + 1];
        snprintf (name, sizeof name, "%.*s", (int)(equals - *environment), *environment);
        status_t status = settings_read_variable (self, name, equals + 1, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static size_t
settings_index (const char *key, setting_type_t type)
{
    size_t i = settings_find (key);
    ASSERT (i < settings_count, "a key that is not in settings.tbl could never be set");
    ASSERT (settings_table [i].type == type, "settings.tbl gives this key another type");
    return i;
}

const char *
settings_text (const settings_t *self, const char *key)
{
    return self->values [settings_index (key, SETTING_TEXT)];
}

int64_t
settings_number (const settings_t *self, const char *key)
{
    return self->numbers [settings_index (key, SETTING_NUMBER)];
}

bool
settings_flag (const settings_t *self, const char *key)
{
    return self->numbers [settings_index (key, SETTING_FLAG)] != 0;
}

//  What was given of a row under a name; NULL: nothing.
static const named_t *
settings_named (const settings_t *self, size_t row, const char *name)
{
    const named_t *named;
    LL_FOREACH (self->named, named)
    {
        const char *start = named->key + strcspn (settings_table [row].key, "*");
        size_t size = strlen (name);
        if (named->row == row && strncmp (start, name, size) == 0 &&
            (start [size] == '/' || start [size] == '\0'))
            return named;
    }
    return NULL;
}

const char *
settings_named_text (const settings_t *self, const char *row, const char *name)
{
    size_t i = settings_index (row, SETTING_TEXT);
    const named_t *named = settings_named (self, i, name);
    return named ? named->value : settings_table [i].standard;
}

int64_t
settings_named_number (const settings_t *self, const char *row, const char *name)
{
    size_t i = settings_index (row, SETTING_NUMBER);
    const named_t *named = settings_named (self, i, name);
    return named ? named->number : strtoll (settings_table [i].standard, NULL, 10);
}

bool
settings_has_named (const settings_t *self, const char *key)
{
    return named_find (self->named, key);
}

static const char *
settings_name_of (const named_t *named, char name [SETTINGS_NAME_SIZE])
{
    const char *start = named->key + strcspn (settings_table [named->row].key, "*");
    snprintf (name, SETTINGS_NAME_SIZE, "%.*s", (int)strcspn (start, "/"), start);
    return name;
}

//  Whether an earlier one has this name, under the same section.
static bool
settings_name_is_new (const settings_t *self, const named_t *named, size_t section_size)
{
    char name [SETTINGS_NAME_SIZE], earlier [SETTINGS_NAME_SIZE];
    settings_name_of (named, name);
    for (const named_t *before = self->named; before != named; before = before->next)
        if (strncmp (before->key, named->key, section_size) == 0 &&
            strcmp (settings_name_of (before, earlier), name) == 0)
            return false;
    return true;
}

const char *
settings_name (const settings_t *self, const char *section, size_t index,
               char name [SETTINGS_NAME_SIZE])
{
    const named_t *named;
    size_t size = strlen (section);
    LL_FOREACH (self->named, named)
    {
        if (strncmp (named->key, section, size) != 0 || named->key [size] != '/' ||
            !settings_name_is_new (self, named, size))
            continue;
        if (index-- == 0)
            return settings_name_of (named, name);
    }
    return NULL;
}

const limits_t *
settings_limits (const settings_t *self)
{
    return &self->limits;
}
