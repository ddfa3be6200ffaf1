/*  settings_file – the ZPL file. zconfig reads it; since zconfig prints what is wrong on stdout and
 *  does not hand it to its caller, every line is checked here before.
 */
#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings.h"
#include "daemon/settings_named.h"
#include "daemon/settings_table.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

enum {
    FILE_BYTES = 1048576,  //  a longer file is no configuration
    LINE_BYTES = 1000,     //  zconfig cuts lines at 1024
    PATH_BYTES = 256,      //  of a key, with its sections
    DEPTH = 4,             //  sections in sections, at most
    INDENT = 4
};

typedef struct {
    settings_t *settings;
    const char *file;
    bool *were_given;  //  one for each row of settings_table
    problem_t *problem;
} reading_t;

//  A file of stdio is closed, a tree of zconfig freed, at the end of its scope.
static void
file_destroy (FILE **file_p)
{
    if (*file_p)
        fclose (*file_p);
}

/*  Whether what is left of a line is nothing, or a comment. */
static bool
line_is_over (const char *rest)
{
    rest += strspn (rest, " \t\r\n");
    return *rest == 0 || *rest == '#';
}

/*  What zconfig would refuse in the value of `name = value`; NULL when nothing. */
static const char *
value_fault (const char *value)
{
    value += strspn (value, " \t");
    if (*value != '"' && *value != '\'')
        return NULL;
    const char *end = strchr (value + 1, *value);
    if (!end)
        return "the quotes are not closed";
    if (!line_is_over (end + 1))
        return "there is something after the quotes; a comment starts with #";
    return NULL;
}

/*  What zconfig would refuse in a line; NULL when nothing. most: how deep it may be; set to how deep
 *  the next one may.
 */
static const char *
line_fault (const char *line, size_t *most)
{
    if (strlen (line) > LINE_BYTES)
        return "the line is too long";

    size_t spaces = strspn (line, " ");
    size_t depth = spaces / INDENT;
    if (line [spaces] == '\t')
        return "there is a tab; indent with four spaces";
    if (spaces % INDENT != 0 || depth > *most)
        return "the line is not indented by four spaces for each section it is in";
    if (depth >= DEPTH)
        return "sections are nested too deep";
    *most = depth + 1;

    const char *name = line + spaces;
    size_t size = strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (size == 0)
        return "a name is missing; write a section, or `name = value`";
    const char *rest = name + size + strspn (name + size, " \t");
    if (*rest == '=')
        return value_fault (rest + 1);
    return line_is_over (rest) ? NULL : "after the name comes `= value`, or nothing";
}

/*  The lines of a file that say something, checked, as one text. Comments are left out, since
 *  zconfig minds how they are indented.
 */
static status_t
settings_check_lines (FILE *from, const char *path, FILE *to, problem_t *problem)
{
    OWNED (text) char *line = NULL;
    size_t space = 0;
    size_t most = 0;
    for (int number = 1; getline (&line, &space, from) >= 0; number++) {
        if (line_is_over (line))
            continue;
        const char *fault = line_fault (line, &most);
        if (fault)
            return problem_set (problem, STATUS_BAD_SETTING, "%s, line %d: %s", path, number,
                                fault);
        fputs (line, to);
        if (ftell (to) > FILE_BYTES)
            return problem_set (problem, STATUS_SYSTEM, "%s: too large for a configuration", path);
    }
    if (ferror (from))
        return problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
    return STATUS_OK;
}

static bool
name_is_section (const char *name)
{
    size_t size = strlen (name);
    for (size_t i = 0; i < settings_count; i++)
        if ((strncmp (settings_table [i].key, name, size) == 0 &&
             settings_table [i].key [size] == '/') ||
            named_is_section (name, settings_table [i].key))
            return true;
    return false;
}

static status_t
settings_take_leaf (reading_t *reading, const char *key, const char *value)
{
    if (*value == 0 && name_is_section (key))
        return STATUS_OK;  //  all its keys are commented out
    size_t i = settings_find (key);
    if (i < settings_count &&
        (reading->were_given [i] || settings_has_named (reading->settings, key)))
        return problem_at (reading->problem, STATUS_BAD_SETTING, key,
                           "%s: %s is given twice; keep one", reading->file, key);
    status_t status =
        settings_assign (reading->settings, reading->file, key, value, reading->problem);
    if (!status && !named_is_row (settings_table [i].key))
        reading->were_given [i] = true;
    return status;
}

/*  The children of a node, by their whole key. */
static status_t
settings_take_section (reading_t *reading, zconfig_t *node, const char *prefix)
{
    for (zconfig_t *item = zconfig_child (node); item; item = zconfig_next (item)) {
        char key [PATH_BYTES];
        snprintf (key, sizeof key, "%s%s%s", prefix, *prefix ? "/" : "", zconfig_name (item));
        const char *value = zconfig_value (item);
        status_t status;
        if (!zconfig_child (item))
            status = settings_take_leaf (reading, key, value);
        else if (*value)
            status = problem_at (reading->problem, STATUS_BAD_SETTING, key,
                                 "%s: %s has a value, and lines indented under it; it can have one",
                                 reading->file, key);
        else
            status = settings_take_section (reading, item, key);
        if (status)
            return status;
    }
    return STATUS_OK;
}

status_t
settings_read_file (settings_t *self, const char *path, problem_t *problem)
{
    OWNED (file) FILE *file = fopen (path, "r");
    if (!file)
        return problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));

    OWNED (text) char *text = NULL;
    size_t size = 0;
    FILE *lines = open_memstream (&text, &size);
    ASSERT (lines, "open_memstream fails only without memory");
    status_t status = settings_check_lines (file, path, lines, problem);
    fclose (lines);
    if (status)
        return status;

    OWNED (zconfig) zconfig_t *root = zconfig_str_load (text);
    if (!root)
        return problem_set (problem, STATUS_BAD_SETTING, "%s: this is not ZPL; see --sample", path);
    reading_t reading = {self, path, (bool *)allocate (settings_count, sizeof (bool)), problem};
    status = settings_take_section (&reading, root, "");
    free (reading.were_given);
    return status;
}
