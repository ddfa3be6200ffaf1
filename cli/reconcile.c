/*  reconcile – what a Kinto holds against what the log has, and what is missing told: the work of
 *  `kinto-tocsin reconcile`, the plug-in's program, run with this command's login.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/login.h"

#define PROGRAM "kinto-tocsin"

enum {
    OPTION_KINTO = 500,
    OPTION_BUCKET,
    OPTION_COLLECTION,
    OPTION_SOURCE,
    OPTION_STATE,
    OPTION_EVERY,
    OPTION_REPORT,
    OPTION_OVERLAP,
    OPTION_SETTLE,
    OPTION_QUIET,
    OPTION_DRY_RUN,
    WORDS_MOST = 300,  //  of the program's command line
    FIXED = 8,         //  of these: ours
};

typedef struct {
    login_t login;
    bool has_kinto;
    char *words [WORDS_MOST];  //  of the program: its name, argv's and ours
    int count;
} reconcile_command_t;

static const struct argp_option reconcile_options [] = {
    {.name = "kinto", .key = OPTION_KINTO, .arg = "URL", .doc = "of Kinto, with /v1"},
    {.name = "bucket",
     .key = OPTION_BUCKET,
     .arg = "ID",
     .doc = "as often as needed; default all that can be read"},
    {.name = "collection",
     .key = OPTION_COLLECTION,
     .arg = "ID",
     .doc = "of these buckets; likewise"},
    {.name = "source",
     .key = OPTION_SOURCE,
     .arg = "NAME",
     .doc = "as tocsin.source in Kinto's settings; default kinto"},
    {.name = "state",
     .key = OPTION_STATE,
     .arg = "FILE",
     .doc = "keeps how far a run came, and the next goes on from there"},
    {.name = "every", .key = OPTION_EVERY, .arg = "SECONDS", .doc = "again and again"},
    {.name = "report",
     .key = OPTION_REPORT,
     .arg = "FILE",
     .doc = "what the last run found, as JSON"},
    {.name = "overlap",
     .key = OPTION_OVERLAP,
     .arg = "SECONDS",
     .doc = "to look at again, for what was committed late; default 600"},
    {.name = "settle",
     .key = OPTION_SETTLE,
     .arg = "SECONDS",
     .doc = "that are too new: it may be on its way; default 60"},
    {.name = "quiet", .key = OPTION_QUIET, .doc = "no progress, only the report"},
    {.name = "dry-run", .key = OPTION_DRY_RUN, .doc = "count only"},
    {0}};

//  Each option is the program's own, under the same name.
static const struct argp_option *
reconcile_option (int key)
{
    const struct argp_option *option = reconcile_options;
    while (option->name && option->key != key)
        option++;
    return option->name ? option : NULL;
}

static error_t
reconcile_take_option (int key, char *argument, struct argp_state *state)
{
    reconcile_command_t *self = (reconcile_command_t *)state->input;
    const struct argp_option *option = reconcile_option (key);
    if (key == ARGP_KEY_INIT)
        state->child_inputs [0] = &self->login;
    else if (key == ARGP_KEY_END && !self->has_kinto)
        argp_error (state, "which Kinto? Give --kinto, as http://127.0.0.1:8888/v1");
    if (!option)
        return key == ARGP_KEY_INIT || key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;

    self->has_kinto |= key == OPTION_KINTO;
    if (self->count + 2 > WORDS_MOST - FIXED)
        argp_error (state, "these are too many options");
    char *word = NULL;
    if (asprintf (&word, "--%s", option->name) < 0)
        return ENOMEM;
    self->words [self->count++] = word;
    if (argument)
        self->words [self->count++] = argument;
    return 0;
}

//  Does not come back, unless it fails. The token is not shown in the list of processes.
static status_t
reconcile_run (reconcile_command_t *self, problem_t *problem)
{
    const char *url;
    char token [LOGIN_TOKEN_BYTES];
    if (login_find (&self->login, &url, token, problem))
        return problem->status;
    setenv ("TOCSIN_URL", url, 1);
    if (*token)
        setenv ("TOCSIN_TOKEN", token, 1);
    self->words [self->count] = NULL;
    execvp (PROGRAM, self->words);
    if (errno == ENOENT)
        return problem_set (problem, STATUS_SYSTEM,
                            PROGRAM " is not installed, or not in $PATH: it comes with the plug-in "
                                    "for Kinto, kinto/README.md");
    return problem_set (problem, STATUS_SYSTEM, PROGRAM ": %s", strerror (errno));
}

int
command_reconcile (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = reconcile_options,
        .parser = reconcile_take_option,
        .children = children,
        .args_doc = "--kinto=URL",
        .doc =
            "Look at all that a Kinto holds, deleted objects included, and tell Tocsin of each last "
            "change that the log has not. It may run at any time: what is told twice is one "
            "event. Kinto's user and password stand in $KINTO_AUTH, as user:password.\v"
            "For example:\n  KINTO_AUTH=admin:s3cret tocsin reconcile --kinto "
            "http://127.0.0.1:8888/v1 --bucket blog --state blog.json"};
    reconcile_command_t self = {.words = {(char []){PROGRAM}, (char []){"reconcile"}}, .count = 2};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    reconcile_run (&self, &problem);
    return command_fail (&problem);
}
