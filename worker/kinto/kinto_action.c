#include "worker/kinto/kinto_action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/template.h"
#include "worker/exchange/exchange.h"
#include "worker/kinto/kinto_write.h"

enum { URI_BYTES = 2048, CAUSE_SIZE = 200 };

//  A subscription, made ready.
typedef struct {
    kinto_server_t *server;  //  borrowed
    const limits_t *limits;  //  borrowed
    kinto_mode_t mode;
    char *url;       //  a template, of which the server's url is the beginning; ours
    json_t *object;  //  a template, ours
} kinto_target_t;

static const char *const modes [] = {"create", "replace", "merge"};

char *
kinto_schema (const kinto_servers_t *servers)
{
    json_t *names = json_array ();
    for (size_t i = 0; i < servers->count; i++)
        json_array_append_new (names, json_string (servers->list [i].service.name));
    json_t *text = json_pack ("{s:s, s:s, s:i}", "type", "string", "format", "template-path",
                              "maxLength", URI_BYTES / 4);
    json_t *schema = json_pack (
        "{s:s, s:{s:{s:[s]}, s:{s:o}, s:O, s:O, s:O, s:O, s:{s:[s,s,s]}, s:{s:s, s:s}}, s:[s,s], "
        "s:b}",
        "type", "object", "properties", "name", "enum", "kinto", "server", "enum", names, "uri",
        text, "bucket", text, "collection", text, "record", text, "mode", "enum", modes [0],
        modes [1], modes [2], "object", "type", "object", "format", "template", "required", "name",
        "server", "additionalProperties", 0);
    ASSERT (schema, "names of settings are ASCII");
    json_decref (text);
    char *dumped = json_dumps (schema, JSON_COMPACT);
    json_decref (schema);
    return dumped;
}

//  ---- subscriptions

static void
kinto_drop (void *ready)
{
    kinto_target_t *self = ready;
    free (self->url);
    json_decref (self->object);
    free (self);
}

static status_t
read_fault (problem_t *problem, const char *sentence)
{
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action", "action: %s", sentence);
}

static const char *
text_of (const json_t *action, const char *name)
{
    return json_string_value (json_object_get (action, name));
}

//  Either a uri, or the parts of a record's.
static status_t
read_uri (kinto_target_t *self, const json_t *action, problem_t *problem)
{
    const char *uri = text_of (action, "uri");
    const char *bucket = text_of (action, "bucket");
    const char *collection = text_of (action, "collection");
    const char *record = text_of (action, "record");
    if (uri && (bucket || collection || record))
        return read_fault (problem, "it has a uri, and parts of one beside it: which is it?");
    if (!uri && (!bucket || !collection))
        return read_fault (problem, "it has neither a uri nor a bucket and a collection");
    const char *server = self->server->service.url;
    int size = uri ? asprintf (&self->url, "%s%s", server, uri)
                   : asprintf (&self->url, "%s/buckets/%s/collections/%s/records/%s", server,
                               bucket, collection, record ? record : "{id}");
    ASSERT (size > 0, "out of memory: lower limits/subscription_bytes");
    const template_where_t where = {.place = TEMPLATE_URL, .at = uri ? "action.uri" : "action"};
    return template_check (self->url, &where, problem);
}

static status_t
read_object (kinto_target_t *self, const json_t *action, problem_t *problem)
{
    json_t *object = json_object_get (action, "object");
    self->object = object ? json_incref (object) : json_string ("{data}");
    const template_where_t where = {.place = TEMPLATE_JSON, .at = "action.object"};
    return template_check_json (self->object, &where, problem);
}

static status_t
read_mode (kinto_target_t *self, const json_t *action, problem_t *problem)
{
    const char *mode = text_of (action, "mode");
    self->mode = KINTO_MERGE;
    for (kinto_mode_t i = KINTO_CREATE; mode && i <= KINTO_MERGE; i++)
        if (strcmp (mode, modes [i]) == 0) {
            self->mode = i;
            return STATUS_OK;
        }
    return mode ? read_fault (problem, "its mode is create, replace or merge") : STATUS_OK;
}

static status_t
read_server (kinto_target_t *self, const kinto_settings_t *settings, const json_t *action,
             problem_t *problem)
{
    const char *name = text_of (action, "server");
    self->server = name ? kinto_servers_find (settings->servers, name) : NULL;
    if (self->server)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.server",
                       "action.server: this worker has no Kinto \"%.40s\"", name ? name : "");
}

static void *
kinto_read (const void *context, const target_t *target, const json_t *document, problem_t *problem)
{
    const kinto_settings_t *settings = context;
    (void)target;
    const json_t *action = json_object_get (document, "action");
    kinto_target_t *self = ALLOCATE (kinto_target_t);
    self->limits = settings->limits;
    status_t status = read_server (self, settings, action, problem);
    if (!status)
        status = read_mode (self, action, problem);
    if (!status)
        status = read_uri (self, action, problem);
    if (!status)
        status = read_object (self, action, problem);
    if (!status)
        return self;
    kinto_drop (self);
    return NULL;
}

//  ---- attempts

//  Of Kinto's ids, and between them.
static const char letters [] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";

//  The uri that the template makes; NULL and a problem.
static char *
fill_uri (const kinto_target_t *self, template_facts_t *facts, problem_t *problem)
{
    char *uri = service_fill_path (&self->server->service, self->url, facts, URI_BYTES, problem);
    if (!uri)
        return NULL;
    if (uri [strspn (uri, letters)])
        problem_set (problem, STATUS_BAD_EVENT,
                     "\"%.120s\" is no URI of Kinto's: ids are of A-Za-z0-9_-", uri);
    else if (!kinto_server_lets_write (self->server, uri))
        problem_set (problem, STATUS_BAD_EVENT,
                     "\"%.120s\" may not be written: worker/kinto/%s/paths says what may", uri,
                     self->server->service.name);
    else
        return uri;
    free (uri);
    return NULL;
}

static json_t *
fill_object (const kinto_target_t *self, template_facts_t *facts, problem_t *problem)
{
    json_t *object =
        template_fill_json (self->object, facts, (size_t)self->limits->event_bytes, problem);
    if (!object || json_is_object (object))
        return object;
    json_decref (object);
    problem_set (problem, STATUS_BAD_EVENT,
                 "the event's data is no object: say in action.object what is to be written");
    return NULL;
}

//  What Kinto's plug-in tells with the event of this write: that it is ours, and whence it comes.
static void
write_cause (const event_t *event, char cause [CAUSE_SIZE])
{
    snprintf (cause, CAUSE_SIZE, "id=%s; root=%s; hops=%d", event->id,
              *event->root ? event->root : event->id, (int)event->hops + 1);
}

//  A row of actions that goes through Kinto, each writing what the next one hears of, ends here.
static bool
is_too_far (const kinto_target_t *self, const event_t *event, problem_t *problem)
{
    if (event->hops < self->limits->hops)
        return false;
    problem_set (
        problem, STATUS_BAD_EVENT,
        "not written: %d actions lie between %s and this event, as many as limits/hops lets be. The whole path: tocsin show %s",
        (int)event->hops, *event->root ? event->root : event->id, event->id);
    return true;
}

static kinto_write_t *
kinto_play (const kinto_target_t *self, const run_t *run, problem_t *problem)
{
    if (is_too_far (self, run->delivery->event, problem))
        return NULL;
    template_facts_t facts = {.data = {.event = run->delivery->event},
                              .subscription = run->target->subscription};
    kinto_write_t *play = NULL;
    char *uri = fill_uri (self, &facts, problem);
    json_t *object = uri ? fill_object (self, &facts, problem) : NULL;
    if (object) {
        char cause [CAUSE_SIZE];
        write_cause (run->delivery->event, cause);
        play = kinto_write_new (self->mode, uri, object, cause);
    }
    free (uri);
    match_data_clear (&facts.data);
    return play;
}

static void *
kinto_open (const action_place_t *place)
{
    return exchange_open (place, &kinto_write_script, NULL, 0);
}

static void
kinto_begin (void *context, run_t *run, void *ready)
{
    kinto_target_t *target = ready;
    problem_t problem;
    kinto_write_t *play = kinto_play (target, run, &problem);
    if (play)
        exchange_begin (context, run, &target->server->service, play);
    else
        exchange_refuse (context, run, &problem);
}

const action_t kinto_action = {.name = "kinto",
                               .read = kinto_read,
                               .drop = kinto_drop,
                               .open = kinto_open,
                               .close = exchange_close,
                               .begin = kinto_begin,
                               .cancel = exchange_cancel,
                               .transferred = exchange_transferred,
                               .descriptor = exchange_descriptor,
                               .ready = exchange_ready};
