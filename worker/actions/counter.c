#include "worker/actions/counter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/model/template.h"

enum { RESULT_BYTES = 64, KEY_BYTES = 1024 };  //  a key: as in a SETTLE

typedef struct {
    char *name;  //  ours: the subscription, a line end, the key
    int64_t count;
    UT_hash_handle hh;
} tally_t;

struct counter {
    size_t keys;  //  at most
    metrics_t *metrics;
    pthread_mutex_t lock;  //  of tallies
    tally_t *tallies;      //  by name
};

const char counter_schema [] =
    "{\"type\":\"object\",\"properties\":{\"name\":{\"enum\":[\"counter\"]},"
    "\"key\":{\"type\":\"string\",\"format\":\"template\",\"maxLength\":1024}},"
    "\"required\":[\"name\"],\"additionalProperties\":false}";

counter_t *
counter_new (size_t keys, metrics_t *metrics)
{
    counter_t *self = ALLOCATE (counter_t);
    self->keys = keys;
    self->metrics = metrics;
    pthread_mutex_init (&self->lock, NULL);
    return self;
}

void
counter_destroy (counter_t **self_p)
{
    counter_t *self = *self_p;
    if (!self)
        return;
    tally_t *tally, *next;
    HASH_ITER (hh, self->tallies, tally, next)
    {
        HASH_DEL (self->tallies, tally);
        free (tally->name);
        free (tally);
    }
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

//  The tally of a name, made if there is room; takes the name. NULL: there is none.
static tally_t *
counter_tally (counter_t *self, char *name)
{
    tally_t *tally;
    HASH_FIND_STR (self->tallies, name, tally);
    if (tally || HASH_COUNT (self->tallies) >= self->keys) {
        free (name);
        return tally;
    }
    tally = ALLOCATE (tally_t);
    tally->name = name;
    HASH_ADD_KEYPTR (hh, self->tallies, tally->name, strlen (tally->name), tally);
    return tally;
}

int64_t
counter_count (counter_t *self, const char *subscription, const char *key)
{
    char *name = allocate (strlen (subscription) + strlen (key) + 2, 1);
    stpcpy (stpcpy (stpcpy (name, subscription), "\n"), key);
    pthread_mutex_lock (&self->lock);
    tally_t *tally = counter_tally (self, name);
    int64_t count = tally ? ++tally->count : 0;
    pthread_mutex_unlock (&self->lock);
    if (count > 0)
        metrics_add (self->metrics, METRIC_counted, 1);
    return count;
}

//  ---- the action

static void *
counts_read (const void *settings, const target_t *target, const json_t *document,
             problem_t *problem)
{
    (void)settings;
    (void)target;
    const char *key =
        json_string_value (json_object_get (json_object_get (document, "action"), "key"));
    const template_where_t where = {.place = TEMPLATE_TEXT, .at = "action.key"};
    if (key && template_check (key, &where, problem))
        return NULL;
    return allocate_copy (key ? key : "{subject}");
}

static void *
counts_open (const action_place_t *place)
{
    action_place_t *self = ALLOCATE (action_place_t);
    *self = *place;
    return self;
}

static void
counts_end (const action_place_t *self, run_t *run, const char *key)
{
    counter_t *counter = (counter_t *)(uintptr_t)self->settings;
    int64_t count = counter_count (counter, run->target->subscription, key);
    if (count == 0) {
        ending_fail (
            &run->end,
            "%zu keys are counted already: raise worker/counter_keys, or restart the worker",
            counter->keys);
        return;
    }
    char result [RESULT_BYTES];
    bool is_asked = run->delivery->event->phase == PHASE_PRE;  //  it has nothing against anything
    int size = snprintf (result, sizeof result, "{%s\"count\": %" PRId64 "}",
                         is_asked ? "\"decision\": \"allow\", " : "", count);
    ending_keep_result (&run->end, result, (size_t)size, RESULT_BYTES);
    ending_count (&run->end, key);
}

static void
counts_begin (void *context, run_t *run, void *ready)
{
    const action_place_t *self = context;
    int64_t began_us = monotonic_us ();
    template_facts_t facts = {.data = {.event = run->delivery->event},
                              .subscription = run->target->subscription};
    problem_t problem;
    size_t size;
    OWNED (text)
    char *key = template_fill (ready, TEMPLATE_TEXT, &facts, KEY_BYTES, &size, &problem);
    if (key)
        counts_end (self, run, key);
    else
        ending_fail (&run->end, "action.key: %s", problem.text);
    match_data_clear (&facts.data);
    ending_took (&run->end, monotonic_us () - began_us);
    self->ended (self->thread, run);
}

//  It has ended before anybody could.
static void
counts_cancel (void *context, run_t *run)
{
    (void)context;
    (void)run;
}

const action_t counter_action = {.name = "counter",
                                 .read = counts_read,
                                 .drop = free,
                                 .open = counts_open,
                                 .close = free,
                                 .begin = counts_begin,
                                 .cancel = counts_cancel};
