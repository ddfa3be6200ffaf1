/*  replay – a stretch of the log, or one event, delivered once more to one subscription. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/named.h"
#include "cli/number.h"
#include "cli/pattern_options.h"
#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_FROM = 400, OPTION_UNTIL, OPTION_EVENT, OPTION_RATE, OPTION_LIST, OPTION_DELETE };

typedef struct {
    named_t named;
    pattern_options_t pattern;
    const char *from, *until, *event, *deletes;  //  argv's; NULL when not given
    double rate;                                 //  0: not given
    bool lists;
} replay_command_t;

static const struct argp_option replay_options [] = {
    {.name = "from",
     .key = OPTION_FROM,
     .arg = "FROM",
     .doc = "earliest, a seq, a time as 2026-11-24T03:00:00Z, or 2h for two hours ago"},
    {.name = "until",
     .key = OPTION_UNTIL,
     .arg = "UNTIL",
     .doc = "likewise, the last one included; default all there is now"},
    {.name = "event", .key = OPTION_EVENT, .arg = "ID", .doc = "this event alone"},
    {.name = "rate",
     .key = OPTION_RATE,
     .arg = "N",
     .doc = "so many a second; default the subscription's own rate"},
    {.name = "list", .key = OPTION_LIST, .doc = "list the replays of the subscription", .group = 1},
    {.name = "delete",
     .key = OPTION_DELETE,
     .arg = "REPLAY",
     .doc = "stop one, and forget it",
     .group = 1},
    {0}};

static error_t
replay_take_option (int key, char *argument, struct argp_state *state)
{
    replay_command_t *self = (replay_command_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT:
            state->child_inputs [0] = &self->named;
            state->child_inputs [1] = &self->pattern;
            return 0;
        case OPTION_FROM: self->from = argument; return 0;
        case OPTION_UNTIL: self->until = argument; return 0;
        case OPTION_EVENT: self->event = argument; return 0;
        case OPTION_RATE: self->rate = number_read_rate (state, argument); return 0;
        case OPTION_LIST: self->lists = true; return 0;
        case OPTION_DELETE: self->deletes = argument; return 0;
        case ARGP_KEY_END:
            if (self->named.count > 0 && (self->from != NULL) + (self->event != NULL) +
                                                 self->lists + (self->deletes != NULL) !=
                                             1)
                argp_error (state, "what? Give --from, --event, --list or --delete");
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

//  {"seq"} or {"time"}; NULL and a problem when it is neither.
static json_t *
replay_bound (const char *name, const char *text, problem_t *problem)
{
    steady_clock_t clock = steady_clock_start ();
    if (strcmp (text, "earliest") == 0)
        return json_pack ("{s:i}", "seq", 1);
    json_t *place = number_read_place (text, clock.now_ms);
    if (place)
        return place;
    problem_set (problem, STATUS_BAD_PARAMETER,
                 "--%s: \"%.60s\" is no seq, no time as 2026-11-24T03:00:00Z, and not 2h for two "
                 "hours ago",
                 name, text);
    return NULL;
}

static status_t
replay_set_bound (json_t *data, const char *name, const char *text, problem_t *problem)
{
    json_t *bound = text ? replay_bound (name, text, problem) : NULL;
    if (bound)
        json_object_set_new (data, name, bound);
    return text && !bound ? problem->status : STATUS_OK;
}

static json_t *
replay_body (const replay_command_t *self, problem_t *problem)
{
    OWNED (json) json_t *data = json_object ();
    OWNED (json) json_t *match = pattern_options_match (&self->pattern, problem);
    if (!match || replay_set_bound (data, "from", self->from, problem) ||
        replay_set_bound (data, "until", self->until, problem))
        return NULL;
    if (json_object_size (match) > 0)
        json_object_set (data, "match", match);
    if (self->event)
        json_object_set_new (data, "event", json_string (self->event));
    if (self->rate > 0)
        json_object_set_new (data, "rate_per_second", json_real (self->rate));
    return json_pack ("{s:O}", "data", data);
}

static void
replay_print (const json_t *replay)
{
    size_t i;
    json_t *range;
    printf ("%s %s, made %s", named_text (replay, "id"), named_text (replay, "status"),
            named_text (replay, "created"));
    json_array_foreach (json_object_get (replay, "ranges"), i, range)
        printf (", seq %lld to %lld", (long long)named_number (range, "from"),
                (long long)named_number (range, "until"));
    printf (": %lld events still to be read, %lld to be tried again, %lld dead\n",
            (long long)named_number (replay, "behind"), (long long)named_number (replay, "retries"),
            (long long)named_number (replay, "dead"));
}

static status_t
replay_make (const replay_command_t *self, client_t *client, problem_t *problem)
{
    OWNED (json) json_t *body = replay_body (self, problem);
    if (!body)
        return problem->status;
    OWNED (text) char *path = named_path (client, self->named.ids [0], "/replays");
    OWNED (json) json_t *replay = named_ask (client, "POST", path, body, problem);
    if (!replay)
        return problem->status;
    if (self->named.is_json)
        named_print_json (replay);
    else
        puts (named_text (replay, "id"));
    return STATUS_OK;
}

static status_t
replay_list (const replay_command_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *path = named_path (client, self->named.ids [0], "/replays");
    OWNED (json) json_t *replays = named_ask (client, "GET", path, NULL, problem);
    size_t i;
    json_t *replay;
    if (!replays)
        return problem->status;
    if (self->named.is_json)
        named_print_json (replays);
    else
        json_array_foreach (replays, i, replay) replay_print (replay);
    return STATUS_OK;
}

static status_t
replay_delete (const replay_command_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *base = named_path (client, self->named.ids [0], "/replays");
    OWNED (text) char *path = client_path (client, base, self->deletes);
    OWNED (json) json_t *answer = named_ask (client, "DELETE", path, NULL, problem);
    return answer ? STATUS_OK : problem->status;
}

int
command_replay (int argc, char **argv)
{
    static const struct argp_child children [] = {
        {.argp = &named_argp}, {.argp = &pattern_options_argp}, {0}};
    static const struct argp argp = {
        .options = replay_options,
        .parser = replay_take_option,
        .children = children,
        .args_doc = "SUBSCRIPTION --from=FROM\nSUBSCRIPTION --event=ID\nSUBSCRIPTION "
                    "--list\nSUBSCRIPTION --delete=REPLAY",
        .doc = "Deliver a stretch of the log, or one event, once more to a subscription, beside "
               "what is new. Its deliveries bear a header Tocsin-Replay; print the replay's id.\v"
               "For example:\n  tocsin replay billing --from 2h --rate 50"};
    replay_command_t self = {
        .named = {
            .least = 1, .most = 1, .what = "for which subscription? `tocsin subscribe --list`"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    if (!client)
        return command_fail (&problem);
    status_t status = self.lists     ? replay_list (&self, client, &problem)
                      : self.deletes ? replay_delete (&self, client, &problem)
                                     : replay_make (&self, client, &problem);
    return status ? command_fail (&problem) : EXIT_SUCCESS;
}
