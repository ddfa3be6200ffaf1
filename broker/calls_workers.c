/*  calls_workers – the methods worker.*: who performs actions here, and how much of it.
 *
 *  A row is a session: two workers of one name are two rows. What a worker said of itself has the
 *  connection, what it holds the core. A name that is drained and not here has a row too, without a
 *  session.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/back.h"
#include "broker/call.h"
#include "broker/core/view.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/labels.h"
#include "proto/model/moment.h"

enum { LISTED = 1000, SESSION_DIGITS = 16, SESSION_SIZE = SESSION_DIGITS + 1 };

typedef struct {
    const char *name, *session;  //  only those; NULL: any
    session_view_t *list;
    size_t count, room;
} worker_list_t;

static const char *
session_text (session_id_t session, char text [SESSION_SIZE])
{
    snprintf (text, SESSION_SIZE, "%016llx", (unsigned long long)session);
    return text;
}

static void
list_add (void *context, const session_view_t *view)
{
    worker_list_t *self = context;
    char session [SESSION_SIZE];
    if ((self->name && strcmp (self->name, view->name) != 0) ||
        (self->session && strcmp (self->session, session_text (view->session, session)) != 0))
        return;
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->list = allocate_again (self->list, self->room, sizeof *self->list);
    }
    self->list [self->count++] = *view;
}

//  The order of the list.
static int
compare (const void *a, const void *b)
{
    const session_view_t *x = a, *y = b;
    int order = strcmp (x->name, y->name);
    if (order != 0)
        return order;
    return x->session < y->session ? -1 : x->session > y->session;
}

static json_t *
show_away (const char *name)
{
    return json_pack ("{s:s, s:s, s:[], s:i, s:i, s:i, s:b, s:b, s:b}", "name", name, "session", "",
                      "actions", "capacity", 0, "credit", 0, "leases", 0, "draining", true,
                      "drained", true, "away", true);
}

static json_t *
show (const edge_t *edge, int64_t now_ms, const session_view_t *view)
{
    if (view->session == 0)
        return show_away (view->name);
    char session [SESSION_SIZE], joined [MOMENT_SIZE];
    json_t *json = json_pack ("{s:s, s:s}", "name", view->name, "session",
                              session_text (view->session, session));
    const json_t *card = back_card (edge->back, view->peer);
    if (card)
        json_object_update (json, (json_t *)(uintptr_t)card);
    json_object_set_new (json, "labels", labels_show (view->labels));
    OWNED (json)
    json_t *state =
        json_pack ("{s:I, s:I, s:s, s:I}", "credit", (json_int_t)view->credit, "leases",
                   (json_int_t)view->leases, "joined", moment_text (view->joined_ms, joined),
                   "heartbeat_age_ms", (json_int_t)(now_ms - view->seen_ms));
    int64_t wanted = capacities_wanted (&edge->capacities, view->name);
    if (wanted > 0)
        json_object_set_new (state, "capacity_wanted", json_integer ((json_int_t)wanted));
    json_object_set_new (state, "draining", json_boolean (view->is_draining));
    json_object_set_new (state, "drained", json_boolean (view->is_draining && view->leases == 0));
    if (view->missed > 0)
        json_object_set_new (state, "missed", json_integer ((json_int_t)view->missed));
    if (view->is_leaving)
        json_object_set_new (state, "leaving", json_true ());
    json_object_update (json, state);
    return json;
}

static void
away_add (void *context, const char *name)
{
    worker_list_t *self = context;
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->list [i].name, name) == 0)
            return;
    list_add (self, &(session_view_t){.name = name, .is_draining = true});
}

//  All that the list asks for, in its order; free () its list.
static void
list_fill (worker_list_t *self, const core_t *core)
{
    core_each_session (core, list_add, self);
    core_each_drained (core, away_add, self);
    if (self->count > 0)
        qsort (self->list, self->count, sizeof *self->list, compare);
}

//  ---- the list

//  Where a page ended: the session's digits, and the name behind them. False: it is no such place.
static bool
read_place (const char *text, session_view_t *place)
{
    char digits [SESSION_SIZE];
    if (strlen (text) <= SESSION_DIGITS)
        return false;
    memcpy (digits, text, SESSION_DIGITS);
    digits [SESSION_DIGITS] = 0;
    char *end;
    *place =
        (session_view_t){.name = text + SESSION_DIGITS, .session = strtoull (digits, &end, 16)};
    return *end == 0;
}

static void
add_next (json_t *answer, const session_view_t *last)
{
    char session [SESSION_SIZE];
    json_object_set_new (answer, "next",
                         json_sprintf ("%s%s", session_text (last->session, session), last->name));
}

//  Those after a place, as many as fit into a message, at most `limit`.
static json_t *
show_page (call_t *self, const worker_list_t *listing, const session_view_t *after, size_t limit)
{
    int64_t now_ms = edge_now_ms (self->edge);
    size_t bytes = 0, most = call_reply_most (self) / 2;
    json_t *data = json_array ();
    json_t *answer = json_pack ("{s:o, s:I}", "data", data, "total", (json_int_t)listing->count);
    for (size_t i = 0; i < listing->count; i++) {
        if (after && compare (&listing->list [i], after) <= 0)
            continue;
        json_t *shown = show (self->edge, now_ms, &listing->list [i]);
        bytes += json_dumpb (shown, NULL, 0, JSON_COMPACT) + 1;
        if (json_array_size (data) == limit || (bytes > most && json_array_size (data) > 0)) {
            json_decref (shown);
            add_next (answer, &listing->list [i - 1]);
            break;
        }
        json_array_append_new (data, shown);
    }
    return answer;
}

void
call_worker_list (call_t *self)
{
    int64_t limit = LISTED;
    const char *after = NULL;
    session_view_t place;
    worker_list_t listing = {0};
    problem_t problem = {0};
    status_t status = call_optional_number (self, "limit", 1, LISTED, &limit, &problem);
    if (status == STATUS_OK)
        status = call_optional_text (self, "after", &after, &problem);
    if (status == STATUS_OK)
        status = call_optional_text (self, "name", &listing.name, &problem);
    if (status == STATUS_OK && after && !read_place (after, &place))
        status = problem_at (&problem, STATUS_BAD_PARAMETER, "after", "after: this is no place");
    if (status != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    list_fill (&listing, self->edge->core);
    json_t *answer = show_page (self, &listing, after ? &place : NULL, (size_t)limit);
    free (listing.list);
    call_reply (self, answer);
}

//  ---- one

//  The one that joined last; NULL: there is none.
static const session_view_t *
latest (const worker_list_t *listing)
{
    const session_view_t *found = NULL;
    for (size_t i = 0; i < listing->count; i++)
        if (!found || listing->list [i].joined_ms >= found->joined_ms)
            found = &listing->list [i];
    return found;
}

void
call_worker_get (call_t *self)
{
    worker_list_t listing = {0};
    problem_t problem = {0};
    if (call_text (self, "name", &listing.name, &problem) != STATUS_OK ||
        call_optional_text (self, "session", &listing.session, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    list_fill (&listing, self->edge->core);
    const session_view_t *found = latest (&listing);
    if (found)
        call_reply (
            self, json_pack ("{s:o}", "data", show (self->edge, edge_now_ms (self->edge), found)));
    else {
        problem_set (&problem, STATUS_NOT_FOUND, "there is no worker \"%.60s\"%s", listing.name,
                     listing.session ? " with this session" : "");
        call_fail (self, &problem);
    }
    free (listing.list);
}

//  ---- drain

//  All of one name, together.
static json_t *
show_drain (const call_t *self, const char *name)
{
    worker_list_t listing = {.name = name};
    core_each_session (self->edge->core, list_add, &listing);
    bool is_draining = core_is_drained (self->edge->core, name);
    size_t leases = 0;
    for (size_t i = 0; i < listing.count; i++)
        leases += listing.list [i].leases;
    json_t *data = json_pack ("{s:s, s:b, s:b, s:I, s:I}", "name", name, "draining", is_draining,
                              "drained", is_draining && leases == 0, "leases", (json_int_t)leases,
                              "sessions", (json_int_t)listing.count);
    free (listing.list);
    return json_pack ("{s:o}", "data", data);
}

static size_t
count_sessions (const call_t *self, const char *name)
{
    worker_list_t listing = {.name = name};
    core_each_session (self->edge->core, list_add, &listing);
    free (listing.list);
    return listing.count;
}

//  What is said of a name holds on; of one that is here, or of which it was said before; of so many
//  names.
static status_t
check_name (const call_t *self, const char *name, bool is_known, size_t known, problem_t *problem)
{
    if (is_known)
        return STATUS_OK;
    if (count_sessions (self, name) == 0)
        return problem_at (problem, STATUS_NOT_FOUND, "name", "there is no worker \"%.60s\"", name);
    if (known >= (size_t)self->edge->limits->sessions)
        return problem_set (problem, STATUS_FULL,
                            "it was said of %zu names already: take some back", known);
    return STATUS_OK;
}

static status_t
check_drain (const call_t *self, const char *name, problem_t *problem)
{
    return check_name (self, name, core_is_drained (self->edge->core, name),
                       core_drained (self->edge->core), problem);
}

//  A word that is misspelt must not mean its opposite.
static status_t
read_drain (const call_t *self, const char **name, bool *is_on, problem_t *problem)
{
    const char *member;
    json_t *value;
    *is_on = true;
    json_object_foreach (self->args, member, value)
    {
        if (strcmp (member, "drain") == 0 && json_is_boolean (value))
            *is_on = json_is_true (value);
        else if (strcmp (member, "drain") == 0)
            return problem_at (problem, STATUS_BAD_PARAMETER, "drain", "drain: true or false");
        else if (strcmp (member, "name") != 0)
            return problem_at (problem, STATUS_BAD_PARAMETER, member,
                               "%.60s: there is no such member; there is drain", member);
    }
    return call_text (self, "name", name, problem);
}

void
call_worker_drain (call_t *self)
{
    const char *name;
    bool is_on;
    problem_t problem = {0};
    if (read_drain (self, &name, &is_on, &problem) != STATUS_OK ||
        check_drain (self, name, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    if (is_on != core_is_drained (self->edge->core, name))
        log_notice ("broker",
                    is_on ? "worker %s is drained: it gets nothing more"
                          : "worker %s is drained no more",
                    name);
    edge_step (self->edge,
               &(input_t){.kind = INPUT_DRAIN, .drain = {.name = name, .is_on = is_on}});
    call_reply (self, show_drain (self, name));
}

//  ---- change

//  0: as it likes.
static status_t
read_capacity (const call_t *self, const char **name, int64_t *capacity, problem_t *problem)
{
    const json_t *value = json_object_get (self->args, "capacity");
    if (json_object_size (self->args) != 2 || !value)
        return problem_at (problem, STATUS_BAD_PARAMETER, "capacity",
                           "capacity is all that can be changed: a number, or null");
    *capacity = 0;
    status_t status = call_text (self, "name", name, problem);
    if (status != STATUS_OK || json_is_null (value))
        return status;
    return call_optional_number (self, "capacity", 1, self->edge->limits->batch_events, capacity,
                                 problem);
}

void
call_worker_change (call_t *self)
{
    const char *name;
    int64_t capacity;
    problem_t problem = {0};
    capacities_t *wanted = &self->edge->capacities;
    if (read_capacity (self, &name, &capacity, &problem) != STATUS_OK ||
        check_name (self, name, capacities_wanted (wanted, name) > 0, capacities_count (wanted),
                    &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    log_notice ("broker", "of worker %s a capacity of %lld is wanted (0: its own)", name,
                (long long)capacity);
    capacities_want (wanted, name, capacity);
    back_resize (self->edge->back, name);
    json_t *data =
        json_pack ("{s:s, s:I}", "name", name, "sessions", (json_int_t)count_sessions (self, name));
    if (capacity > 0)
        json_object_set_new (data, "capacity_wanted", json_integer ((json_int_t)capacity));
    call_reply (self, json_pack ("{s:o}", "data", data));
}
