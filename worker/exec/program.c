#include "worker/exec/program.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"

enum { PASSWORD_ROOM = 16384 };

#define ROW(name) "worker/exec/*/" name

//  Words that are separated by blanks, and a NULL behind them.
static char **
split (const char *text)
{
    char *copy = allocate_copy (text);
    char **words = (char **)allocate (strlen (text) / 2 + 2, sizeof *words);
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r (copy, " \t", &rest); word; word = strtok_r (NULL, " \t", &rest))
        words [count++] = allocate_copy (word);
    free (copy);
    return words;
}

static void
words_free (char **words)
{
    for (char **word = words; word && *word; word++)
        free (*word);
    free (words);
}

static status_t
read_command (program_t *self, const settings_t *settings, problem_t *problem)
{
    self->command = split (settings_named_text (settings, ROW ("command"), self->name));
    const char *path = self->command [0];
    if (!path)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/exec",
                           "worker/exec/%s/command is missing: what is to be run?", self->name);
    if (*path != '/')
        return problem_at (problem, STATUS_BAD_SETTING, "worker/exec",
                           "worker/exec/%s/command: \"%.120s\" is no absolute path", self->name,
                           path);
    if (access (path, F_OK) != 0)
        log_warning ("worker", "worker/exec/%s/command: %s: %s", self->name, path,
                     strerror (errno));
    return STATUS_OK;
}

static status_t
read_environment (program_t *self, const settings_t *settings, problem_t *problem)
{
    self->environment = split (settings_named_text (settings, ROW ("environment"), self->name));
    for (char **word = self->environment; *word; word++)
        if (**word == '=' || !strchr (*word, '='))
            return problem_at (problem, STATUS_BAD_SETTING, "worker/exec",
                               "worker/exec/%s/environment: \"%.60s\" is no NAME=VALUE", self->name,
                               *word);
    return STATUS_OK;
}

static status_t
look_up_user (program_t *self, const char *name, problem_t *problem)
{
    struct passwd entry, *found = NULL;
    char *room = allocate (PASSWORD_ROOM, 1);
    int failed = getpwnam_r (name, &entry, room, PASSWORD_ROOM, &found);
    exec_user_t *user = &self->user;
    if (found) {
        user->is_set = 1;
        user->user = entry.pw_uid;
        user->group = entry.pw_gid;
        user->group_count = PROGRAM_GROUPS;
        if (getgrouplist (name, entry.pw_gid, user->groups, &user->group_count) < 0)
            user->group_count = PROGRAM_GROUPS;
    }
    free (room);
    if (found)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_SETTING, "worker/exec",
                       "worker/exec/%s/user: there is no user \"%.60s\"%s%s", self->name, name,
                       failed ? ": " : "", failed ? strerror (failed) : "");
}

static status_t
read_user (program_t *self, const settings_t *settings, problem_t *problem)
{
    const char *name = settings_named_text (settings, ROW ("user"), self->name);
    bool is_root = geteuid () == 0;
    if (!*name && is_root)
        return problem_at (
            problem, STATUS_BAD_SETTING, "worker/exec",
            "worker/exec/%s/user is missing: a worker that is root has to be told who "
            "its programs run as",
            self->name);
    if (!*name)
        return STATUS_OK;
    status_t status = look_up_user (self, name, problem);
    if (status == STATUS_OK && !is_root && self->user.user != geteuid ())
        return problem_at (problem, STATUS_BAD_SETTING, "worker/exec",
                           "worker/exec/%s/user: only a worker that is root can run a program as "
                           "somebody else",
                           self->name);
    if (!is_root)
        self->user.is_set = 0;
    return status;
}

static status_t
read_program (program_t *self, const settings_t *settings, problem_t *problem)
{
    const char *name = self->name;
    self->directory = settings_named_text (settings, ROW ("directory"), name);
    self->timeout_ms = settings_named_number (settings, ROW ("timeout_ms"), name);
    self->grace_ms = settings_named_number (settings, ROW ("grace_ms"), name);
    self->memory_bytes = settings_named_number (settings, ROW ("memory_bytes"), name);
    self->output_bytes = settings_named_number (settings, ROW ("output_bytes"), name);
    self->file_bytes = settings_named_number (settings, ROW ("file_bytes"), name);
    self->processes = settings_named_number (settings, ROW ("processes"), name);
    if (self->output_bytes > settings_limits (settings)->result_bytes)
        self->output_bytes = settings_limits (settings)->result_bytes;
    status_t status = read_command (self, settings, problem);
    if (!status)
        status = read_environment (self, settings, problem);
    return status ? status : read_user (self, settings, problem);
}

status_t
programs_read (programs_t *self, const settings_t *settings, problem_t *problem)
{
    char name [SETTINGS_NAME_SIZE];
    while (settings_name (settings, "worker/exec", self->count, name)) {
        self->list = allocate_again (self->list, self->count + 1, sizeof *self->list);
        program_t *program = &self->list [self->count++];
        *program = (program_t){0};
        memcpy (program->name, name, sizeof name);
        status_t status = read_program (program, settings, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

void
programs_clear (programs_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        words_free (self->list [i].command);
        words_free (self->list [i].environment);
    }
    free (self->list);
    *self = (programs_t){0};
}

const program_t *
programs_find (const programs_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i].name, name) == 0)
            return &self->list [i];
    return NULL;
}
