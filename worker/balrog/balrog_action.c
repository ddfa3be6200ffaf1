#include "worker/balrog/balrog_action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/template.h"
#include "worker/balrog/balrog_release.h"
#include "worker/exchange/exchange.h"

enum { URL_BYTES = 2048, NAME_BYTES = 512 };

//  A subscription, made ready.
typedef struct {
    service_t *server;  //  borrowed
    size_t blob_bytes;  //  that the template may make
    char *url;          //  a template, of which the server's url is the beginning; ours
    char *product;      //  a template, ours
    json_t *blob;       //  likewise
    json_t *when;       //  likewise; NULL
} balrog_target_t;

char *
balrog_schema (const balrog_servers_t *servers)
{
    json_t *names = json_array ();
    for (size_t i = 0; i < servers->count; i++)
        json_array_append_new (names, json_string (servers->list [i].name));
    json_t *text = json_pack ("{s:s, s:s, s:i}", "type", "string", "format", "template",
                              "maxLength", NAME_BYTES);
    json_t *schema = json_pack (
        "{s:s, s:{s:{s:[s]}, s:{s:o}, s:O, s:O, s:O, s:{s:s, s:s}}, s:[s,s,s], s:b}", "type",
        "object", "properties", "name", "enum", "balrog", "server", "enum", names, "release", text,
        "product", text, "when", text, "blob", "type", "object", "format", "template", "required",
        "name", "server", "release", "additionalProperties", 0);
    ASSERT (schema, "names of settings are ASCII");
    json_decref (text);
    char *dumped = json_dumps (schema, JSON_COMPACT);
    json_decref (schema);
    return dumped;
}

//  ---- subscriptions

static void
balrog_drop (void *ready)
{
    balrog_target_t *self = ready;
    free (self->url);
    free (self->product);
    json_decref (self->blob);
    json_decref (self->when);
    free (self);
}

static const char *
text_of (const json_t *action, const char *name)
{
    return json_string_value (json_object_get (action, name));
}

static status_t
read_server (balrog_target_t *self, const balrog_settings_t *settings, const json_t *action,
             problem_t *problem)
{
    const char *name = text_of (action, "server");
    self->server = name ? balrog_servers_find (settings->servers, name) : NULL;
    if (self->server)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.server",
                       "action.server: this worker has no Balrog \"%.40s\"", name ? name : "");
}

static status_t
read_release (balrog_target_t *self, const json_t *action, problem_t *problem)
{
    const char *release = text_of (action, "release");
    if (!release)
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.release",
                           "action.release is missing: which release is it?");
    int size = asprintf (&self->url, "%s/v2/releases/%s", self->server->url, release);
    ASSERT (size > 0, "out of memory: lower limits/subscription_bytes");
    const template_where_t where = {.place = TEMPLATE_URL, .at = "action.release"};
    return template_check (self->url, &where, problem);
}

static status_t
read_product (balrog_target_t *self, const json_t *action, problem_t *problem)
{
    const char *product = text_of (action, "product");
    self->product = allocate_copy (product ? product : "");
    const template_where_t where = {.place = TEMPLATE_TEXT, .at = "action.product"};
    return template_check (self->product, &where, problem);
}

static status_t
read_json (const json_t *action, const char *name, const char *at, json_t **json,
           problem_t *problem)
{
    *json = json_incref (json_object_get (action, name));
    const template_where_t where = {.place = TEMPLATE_JSON, .at = at};
    return *json ? template_check_json (*json, &where, problem) : STATUS_OK;
}

static void *
balrog_read (const void *context, const target_t *target, const json_t *document,
             problem_t *problem)
{
    const balrog_settings_t *settings = context;
    (void)target;
    const json_t *action = json_object_get (document, "action");
    balrog_target_t *self = ALLOCATE (balrog_target_t);
    self->blob_bytes = (size_t)settings->limits->event_bytes;
    status_t status = read_server (self, settings, action, problem);
    if (!status)
        status = read_release (self, action, problem);
    if (!status)
        status = read_product (self, action, problem);
    if (!status)
        status = read_json (action, "blob", "action.blob", &self->blob, problem);
    if (!status)
        status = read_json (action, "when", "action.when", &self->when, problem);
    if (!self->blob)
        self->blob = json_string ("{data}");
    if (!status)
        return self;
    balrog_drop (self);
    return NULL;
}

//  ---- attempts

//  What the templates make; each NULL until it was made.
typedef struct {
    char *path, *product;
    json_t *blob, *when;
} filling_t;

static status_t
fill_path (const balrog_target_t *self, template_facts_t *facts, filling_t *filling,
           problem_t *problem)
{
    filling->path = service_fill_path (self->server, self->url, facts, URL_BYTES, problem);
    return filling->path ? STATUS_OK : problem->status;
}

static status_t
fill_blob (const balrog_target_t *self, template_facts_t *facts, filling_t *filling,
           problem_t *problem)
{
    filling->blob = template_fill_json (self->blob, facts, self->blob_bytes, problem);
    if (!filling->blob)
        return problem->status;
    if (json_is_object (filling->blob))
        return STATUS_OK;
    return problem_set (problem, STATUS_BAD_EVENT,
                        "the event's data is no object: say in action.blob what is to be written");
}

//  A number of milliseconds, or null: at once.
static status_t
fill_when (const balrog_target_t *self, template_facts_t *facts, filling_t *filling,
           problem_t *problem)
{
    if (!self->when)
        return STATUS_OK;
    filling->when = template_fill_json (self->when, facts, self->blob_bytes, problem);
    if (!filling->when)
        return problem->status;
    if (json_is_integer (filling->when) || json_is_null (filling->when))
        return STATUS_OK;
    return problem_set (problem, STATUS_BAD_EVENT,
                        "action.when gives no number of milliseconds since 1970");
}

static status_t
fill_product (const balrog_target_t *self, template_facts_t *facts, filling_t *filling,
              problem_t *problem)
{
    size_t size;
    filling->product =
        template_fill (self->product, TEMPLATE_TEXT, facts, NAME_BYTES, &size, problem);
    return filling->product ? STATUS_OK : problem->status;
}

static balrog_release_t *
balrog_play (const balrog_target_t *self, const run_t *run, problem_t *problem)
{
    template_facts_t facts = {.data = {.event = run->delivery->event},
                              .subscription = run->target->subscription};
    filling_t filling = {0};
    balrog_release_t *play = NULL;
    if (fill_path (self, &facts, &filling, problem) == STATUS_OK &&
        fill_product (self, &facts, &filling, problem) == STATUS_OK &&
        fill_blob (self, &facts, &filling, problem) == STATUS_OK &&
        fill_when (self, &facts, &filling, problem) == STATUS_OK) {
        bool has_time = filling.when && !json_is_null (filling.when);
        play = balrog_release_new (filling.path, filling.product, json_incref (filling.blob),
                                   has_time ? json_incref (filling.when) : NULL);
    }
    free (filling.path);
    free (filling.product);
    json_decref (filling.blob);
    json_decref (filling.when);
    match_data_clear (&facts.data);
    return play;
}

static void *
balrog_open (const action_place_t *place)
{
    const balrog_settings_t *settings = place->settings;
    return exchange_open (place, &balrog_release_script, settings->servers->list,
                          settings->servers->count);
}

static void
balrog_begin (void *context, run_t *run, void *ready)
{
    const balrog_target_t *target = ready;
    problem_t problem;
    balrog_release_t *play = balrog_play (target, run, &problem);
    if (play)
        exchange_begin (context, run, target->server, play);
    else
        exchange_refuse (context, run, &problem);
}

const action_t balrog_action = {.name = "balrog",
                                .read = balrog_read,
                                .drop = balrog_drop,
                                .open = balrog_open,
                                .close = exchange_close,
                                .begin = balrog_begin,
                                .cancel = exchange_cancel,
                                .transferred = exchange_transferred,
                                .descriptor = exchange_descriptor,
                                .ready = exchange_ready};
