/*  subscribe – has events delivered to a URL; lists and deletes what there is. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/login.h"
#include "cli/named.h"
#include "cli/number.h"
#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum {
    OPTION_ID = 256,
    OPTION_DATA,
    OPTION_FORMAT,
    OPTION_ORDER,
    OPTION_START,
    OPTION_SECRET,
    OPTION_LABEL,
    OPTION_LIST,
    OPTION_DELETE
};

typedef struct {
    login_t login;
    const char *url;  //  the argument
    //  NULL when not given: then the broker has its own word for it
    const char *id, *type, *subject, *data, *format, *order, *start, *secret;
    const char *deletes;  //  the id of --delete
    bool lists;           //  --list
    json_t *labels;       //  those of --label; NULL: none
} subscribe_t;

static const struct argp_option subscribe_options [] = {
    {.name = "type", .key = 't', .arg = "PATTERN", .doc = "only this type, as in kinto.record.*"},
    {.name = "subject", .key = 's', .arg = "PATTERN", .doc = "only this, as in /buckets/blog/**"},
    {.name = "data",
     .key = OPTION_DATA,
     .arg = "JSON",
     .doc = "only where the data is so, as in {\"new\": {\"status\": [\"signed\"]}}"},
    {.name = "id", .key = OPTION_ID, .arg = "ID", .doc = "its name; default a new one"},
    {.name = "format",
     .key = OPTION_FORMAT,
     .arg = "FORMAT",
     .doc = "cloudevents (the default), kinto or raw"},
    {.name = "order", .key = OPTION_ORDER, .arg = "key", .doc = "keep the order of each key"},
    {.name = "start",
     .key = OPTION_START,
     .arg = "START",
     .doc =
         "now (the default), earliest, a seq, a time as 2026-11-24T03:00:00Z, or 2h for what came "
         "in the last two hours"},
    {.name = "secret",
     .key = OPTION_SECRET,
     .arg = "whsec_…",
     .doc = "what deliveries are signed with; default a new one"},
    {.name = "label",
     .key = OPTION_LABEL,
     .arg = "NAME=VALUE",
     .doc = "only by workers that have this label, as in region=eu; may be given several times"},
    {.name = "list", .key = OPTION_LIST, .doc = "list the subscriptions there are", .group = 1},
    {.name = "delete", .key = OPTION_DELETE, .arg = "ID", .doc = "delete one", .group = 1},
    {0}};

static const char **
subscribe_place (subscribe_t *self, int key)
{
    switch (key) {
        case 't': return &self->type;
        case 's': return &self->subject;
        case OPTION_DATA: return &self->data;
        case OPTION_ID: return &self->id;
        case OPTION_FORMAT: return &self->format;
        case OPTION_ORDER: return &self->order;
        case OPTION_START: return &self->start;
        case OPTION_SECRET: return &self->secret;
        case OPTION_DELETE: return &self->deletes;
        case ARGP_KEY_ARG: return &self->url;
        default: return NULL;
    }
}

static void
subscribe_take_label (subscribe_t *self, const char *label, const struct argp_state *state)
{
    const char *value = strchr (label, '=');
    if (!value) {
        argp_error (state, "\"%s\" is no label: NAME=VALUE, as in region=eu", label);
        return;
    }
    if (!self->labels)
        self->labels = json_object ();
    json_object_setn_new (self->labels, label, (size_t)(value - label), json_string (value + 1));
}

static error_t
subscribe_take_option (int key, char *argument, struct argp_state *state)
{
    subscribe_t *self = (subscribe_t *)state->input;
    const char **place = subscribe_place (self, key);
    if (place) {
        if (*place)
            argp_error (state, "\"%s\" after \"%s\": it can be given once", argument, *place);
        *place = argument;
        return 0;
    }
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->login; return 0;
        case OPTION_LABEL: subscribe_take_label (self, argument, state); return 0;
        case OPTION_LIST: self->lists = true; return 0;
        case ARGP_KEY_END:
            if ((self->url != NULL) + self->lists + (self->deletes != NULL) != 1)
                argp_error (state, "give the URL that events go to, or --list, or --delete ID");
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  A word that the broker knows, or a place in the log; what is neither, the broker refuses.
static json_t *
subscribe_start (const char *start)
{
    steady_clock_t clock = steady_clock_start ();
    json_t *place = start ? number_read_place (start, clock.now_ms) : NULL;
    return place || !start ? place : json_string (start);
}

static json_t *
subscribe_document (const subscribe_t *self, problem_t *problem)
{
    json_error_t error;
    json_t *data = NULL;
    if (self->data) {
        data = json_loads (self->data, JSON_REJECT_DUPLICATES, &error);
        if (!data) {
            problem_set (problem, STATUS_BAD_JSON, "--data is no JSON object: column %d: %s",
                         error.column, error.text);
            return NULL;
        }
    }
    json_t *worker = self->labels ? json_pack ("{s:O}", "labels", self->labels) : NULL;
    return json_pack ("{s:{s:s*, s:{s:s*, s:s*, s:o*}, s:{s:s, s:s*, s:s*}, s:s*, s:o*, s:o*}}",
                      "data", "id", self->id, "match", "type", self->type, "subject", self->subject,
                      "data", data, "deliver", "url", self->url, "format", self->format, "secret",
                      self->secret, "order", self->order, "start", subscribe_start (self->start),
                      "worker", worker);
}

static status_t
subscribe_make (const subscribe_t *self, client_t *client, problem_t *problem)
{
    OWNED (json) json_t *document = subscribe_document (self, problem);
    if (!document)
        return problem->status;
    OWNED (json) json_t *answer = NULL;
    status_t status = client_call (client, "POST", "/v1/subscriptions", document, &answer, problem);
    if (status)
        return status;
    const char *id = NULL, *secret = NULL;
    json_unpack (answer, "{s:{s:s, s:{s:s}}}", "data", "id", &id, "deliver", "secret", &secret);
    printf ("%s\n", id ? id : "?");
    if (secret && !self->secret)
        printf ("secret %s\n", secret);
    if (secret && !self->secret)
        fprintf (stderr, "tocsin: deliveries are signed with this secret; it is shown only now\n");
    return STATUS_OK;
}

static status_t
subscribe_delete (const subscribe_t *self, client_t *client, problem_t *problem)
{
    char *path = client_path (client, "/v1/subscriptions", self->deletes);
    status_t status = client_call (client, "DELETE", path, NULL, NULL, problem);
    free (path);
    return status;
}

static void
subscribe_print (const json_t *subscription)
{
    const char *id = "?", *url = "", *type = "**", *subject = "";
    int is_paused = 0, is_disabled = 0;
    json_unpack ((json_t *)subscription, "{s?s, s?{s?s, s?s}, s?{s?s}, s?b, s?b}", "id", &id,
                 "match", "type", &type, "subject", &subject, "deliver", "url", &url, "paused",
                 &is_paused, "disabled", &is_disabled);
    printf ("%-24s %s%s%s -> %s%s\n", id, type, *subject ? " " : "", subject, url,
            is_disabled ? " (disabled)"
            : is_paused ? " (paused)"
                        : "");
}

static bool
subscribe_print_page (void *context, json_t *page)
{
    (void)context;
    size_t i;
    json_t *subscription;
    json_array_foreach (page, i, subscription) subscribe_print (subscription);
    return true;
}

static status_t
subscribe_list (client_t *client, problem_t *problem)
{
    return named_each_page (client, "/v1/subscriptions", subscribe_print_page, NULL, problem);
}

int
command_subscribe (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &login_argp}, {0}};
    static const struct argp argp = {
        .options = subscribe_options,
        .parser = subscribe_take_option,
        .children = children,
        .args_doc = "URL\n--list\n--delete ID",
        .doc = "Have events delivered to URL; print the subscription's id, and the secret that "
               "deliveries are signed with.\v"
               "For example:\n  tocsin subscribe --type 'kinto.record.*' http://127.0.0.1:9000/"};
    subscribe_t self = {0};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.login, &problem);
    if (!client)
        return command_fail (&problem);
    status_t status = self.lists     ? subscribe_list (client, &problem)
                      : self.deletes ? subscribe_delete (&self, client, &problem)
                                     : subscribe_make (&self, client, &problem);
    json_decref (self.labels);
    return status ? command_fail (&problem) : EXIT_SUCCESS;
}
