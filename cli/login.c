#include "cli/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/data_directory.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

#define URL "http://127.0.0.1:8889"

enum { OPTION_TOKEN = 256, OPTION_TOKEN_FILE };

static const struct argp_option options [] = {
    {.name = "url", .key = 'u', .arg = "URL", .doc = "the gateway; else $TOCSIN_URL, or " URL},
    {.name = "token",
     .key = OPTION_TOKEN,
     .arg = "TOKEN",
     .doc = "the token to show; else $TOCSIN_TOKEN. Others can see it in the list of processes"},
    {.name = "token-file",
     .key = OPTION_TOKEN_FILE,
     .arg = "FILE",
     .doc = "the file it is in; else admin.token of `tocsin up`"},
    {0}};

static error_t
login_take_option (int key, char *argument, struct argp_state *state)
{
    login_t *self = (login_t *)state->input;
    switch (key) {
        case 'u': self->url = argument; return 0;
        case OPTION_TOKEN: self->token = argument; return 0;
        case OPTION_TOKEN_FILE: self->token_file = argument; return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp login_argp = {.options = options, .parser = login_take_option};

static status_t
login_read_token (const char *path, char token [LOGIN_TOKEN_BYTES], problem_t *problem)
{
    FILE *file = fopen (path, "r");
    if (!file)
        return problem_set (problem, STATUS_SYSTEM, "no token: %s: %s", path, strerror (errno));
    char *line = fgets (token, LOGIN_TOKEN_BYTES, file);
    fclose (file);
    if (!line)
        return problem_set (problem, STATUS_SYSTEM, "no token: %s is empty", path);
    token [strcspn (token, "\r\n")] = 0;
    return STATUS_OK;
}

static void
login_take_default (char token [LOGIN_TOKEN_BYTES])
{
    OWNED (text) char *directory = data_directory_default (NULL);
    if (!directory)
        return;
    OWNED (text) char *path = data_directory_file (directory, "admin.token");
    if (login_read_token (path, token, NULL))
        *token = 0;
}

status_t
login_find (const login_t *self, const char **url, char token [LOGIN_TOKEN_BYTES],
            problem_t *problem)
{
    const char *place = self->url ? self->url : getenv ("TOCSIN_URL");
    *url = place && *place ? place : URL;

    const char *given = self->token;
    if (!given && !self->token_file)
        given = getenv ("TOCSIN_TOKEN");
    *token = 0;
    if (given)
        snprintf (token, LOGIN_TOKEN_BYTES, "%s", given);
    else if (!self->token_file)
        login_take_default (token);
    else
        return login_read_token (self->token_file, token, problem);
    return STATUS_OK;
}

client_t *
login_open (const login_t *self, problem_t *problem)
{
    const char *url;
    char token [LOGIN_TOKEN_BYTES];
    return login_find (self, &url, token, problem) ? NULL : client_new (url, token);
}
