#include "worker/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/clock.h"
#include "daemon/keyring.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "version.h"
#include "worker/badge.h"
#include "worker/bond.h"
#include "worker/exec/helper.h"
#include "worker/feed/listener.h"
#include "worker/feed/places_file.h"
#include "worker/luggage.h"
#include "worker/repertoire.h"

enum {
    BROKERS = 8,            //  one thread has them all, and its loop has room for so many
    SETTLED_WAIT_MS = 2000  //  a broker that is asked to keep the last outcomes answers within this
};

struct worker {
    const settings_t *settings;  //  borrowed
    uint64_t instance;           //  of this life of it: a broker knows it again
    metrics_t *metrics;
    bell_t *bell;  //  attempts have ended, or it is to leave
    keyring_t *keyring;
    repertoire_t *repertoire;
    badge_t *badge;
    luggage_t *luggage;
    runner_t *runner;
    places_t *places;      //  how far broadcasts were performed, of all brokers
    places_file_t *state;  //  NULL: it is not kept
    bond_t *bonds [BROKERS];
    size_t bond_count;
    pthread_t thread;
    bool has_thread;
    atomic_bool is_leaving;

    //  The link thread's alone.
    loop_t *loop;
    bool has_left_word;     //  the sessions know that it leaves
    int64_t drain_by_ms;    //  then what is in flight is given up
    int64_t settled_by_ms;  //  then nobody waits for SETTLED any more; INT64_MAX: not yet
};

//  Of the process, so that it outlives a worker. When that is killed the helper ends by itself.
static helper_t *process_helper;

static void
process_release (void)
{
    helper_destroy (&process_helper);
}

void
worker_prepare_process (void)
{
    process_helper = helper_new ();
    atexit (process_release);
}

metrics_t *
worker_metrics (const worker_t *self)
{
    return self->metrics;
}

//  ---- the link thread

static bool
worker_hear_bell (void *context)
{
    worker_t *self = context;
    bell_silence (self->bell);
    return false;
}

//  The loop has no way to forget a socket, and a bond that connects anew has another.
static void
worker_make_loop (worker_t *self)
{
    loop_destroy (&self->loop);
    self->loop = loop_new ();
    for (size_t i = 0; i < self->bond_count; i++) {
        void *socket = bond_socket (self->bonds [i]);
        if (socket)
            loop_add_socket (self->loop, socket, bond_ready, self->bonds [i]);
        void *feed = bond_feed_socket (self->bonds [i]);
        if (feed)
            loop_add_socket (self->loop, feed, bond_feed_ready, self->bonds [i]);
    }
    loop_add_descriptor (self->loop, bell_descriptor (self->bell), worker_hear_bell, self);
}

static void
worker_collect (worker_t *self)
{
    int64_t ended [OUTCOMES] = {0};
    job_t *job;
    runner_word_t word;
    while (runner_take_word (self->runner, &word))
        bond_progress (word.owner, &word);
    while ((job = runner_take (self->runner))) {
        for (size_t i = 0; i < job->run.delivery_count; i++)
            ended [job_settlements (job) [i].outcome]++;
        metrics_observe (self->metrics, METRIC_attempt_seconds, job->run.end.duration_us);
        bond_finish (job->owner, job);
        runner_give_back (self->runner, job);
    }
    for (outcome_t outcome = OUTCOME_OK; outcome <= OUTCOME_SKIP; outcome++)
        if (ended [outcome] > 0)
            metrics_add_labelled (self->metrics, METRIC_attempts, outcome_name (outcome),
                                  ended [outcome]);
}

static void
worker_act (worker_t *self)
{
    bool has_new_socket = false;
    for (size_t i = 0; i < self->bond_count; i++) {
        bond_tick (self->bonds [i]);
        has_new_socket |= bond_act (self->bonds [i]);
    }
    if (has_new_socket)
        worker_make_loop (self);
    runner_wake (self->runner);
    if (self->state)
        places_file_tick (self->state, monotonic_ms ());
    metrics_set (self->metrics, METRIC_attempts_in_flight, (int64_t)runner_count (self->runner));
}

//  On the way out: says so, then loses patience with consumers, then with brokers.
static void
worker_leave (worker_t *self)
{
    int64_t now_ms = monotonic_ms ();
    if (!self->has_left_word) {
        self->has_left_word = true;
        self->drain_by_ms = now_ms + settings_number (self->settings, "worker/drain_ms");
        for (size_t i = 0; i < self->bond_count; i++)
            bond_leave (self->bonds [i]);
    }
    if (now_ms >= self->drain_by_ms && runner_count (self->runner) > 0) {
        log_warning ("worker", "%zu attempts are given up: their consumers did not answer in time",
                     runner_count (self->runner));
        runner_cancel_all (self->runner);
        self->drain_by_ms = INT64_MAX;
    }
    if (runner_count (self->runner) == 0 && self->settled_by_ms == INT64_MAX)
        self->settled_by_ms = now_ms + SETTLED_WAIT_MS;
}

static bool
worker_is_done (const worker_t *self)
{
    if (!self->has_left_word || runner_count (self->runner) > 0)
        return false;
    bool have_left = true;
    for (size_t i = 0; i < self->bond_count; i++)
        have_left = have_left && bond_has_left (self->bonds [i]);
    return have_left || monotonic_ms () >= self->settled_by_ms;
}

static int64_t
worker_deadline (const worker_t *self)
{
    int64_t deadline_ms = self->settled_by_ms;
    if (self->has_left_word && runner_count (self->runner) > 0 && self->drain_by_ms < deadline_ms)
        deadline_ms = self->drain_by_ms;
    for (size_t i = 0; i < self->bond_count; i++)
        if (bond_deadline (self->bonds [i]) < deadline_ms)
            deadline_ms = bond_deadline (self->bonds [i]);
    if (self->state && places_file_deadline (self->state) < deadline_ms)
        deadline_ms = places_file_deadline (self->state);
    return deadline_ms;
}

static void *
worker_main (void *context)
{
    worker_t *self = context;
    pthread_setname_np (pthread_self (), "tocsin-worker");
    worker_make_loop (self);
    worker_act (self);
    while (!worker_is_done (self)) {
        loop_turn (self->loop, worker_deadline (self));
        worker_collect (self);
        if (atomic_load (&self->is_leaving))
            worker_leave (self);
        worker_act (self);
    }
    loop_destroy (&self->loop);
    return NULL;
}

//  ---- life

static uint64_t
worker_seed (void)
{
    uint64_t seed = 0;
    ssize_t got = getrandom (&seed, sizeof seed, 0);
    return got == (ssize_t)sizeof seed ? seed : (uint64_t)monotonic_us ();
}

static status_t
worker_add_bond (worker_t *self, void *zmq, const char *endpoint, size_t of, problem_t *problem)
{
    //  The transfers and the memory are shared by all brokers.
    int64_t capacity = settings_number (self->settings, "worker/capacity") / (int64_t)of;
    int64_t bytes = settings_number (self->settings, "worker/capacity_bytes") / (int64_t)of;
    link_keys_t keys;
    bond_settings_t settings = {.zmq = zmq,
                                .endpoint = endpoint,
                                .keys = keyring_to_broker (self->keyring, self->bond_count, &keys),
                                .runner = self->runner,
                                .metrics = self->metrics,
                                .places = self->places,
                                .session = {.name = settings_text (self->settings, "worker/name"),
                                            .version = TOCSIN_VERSION,
                                            .actions = repertoire_names (self->repertoire),
                                            .schemas = repertoire_schemas (self->repertoire),
                                            .action_count = repertoire_count (self->repertoire),
                                            .capacity = capacity > 0 ? capacity : 1,
                                            .capacity_bytes = bytes,
                                            .limits = settings_limits (self->settings),
                                            .seed = worker_seed (),
                                            .instance = self->instance}};
    settings.session.labels = badge_labels (self->badge, &settings.session.label_count);
    settings.session.subscriptions =
        luggage_documents (self->luggage, &settings.session.subscription_count);
    bond_t *bond = bond_new (&settings, problem);
    if (!bond)
        return problem->status;
    self->bonds [self->bond_count++] = bond;
    return STATUS_OK;
}

static status_t
worker_add_bonds (worker_t *self, void *zmq, problem_t *problem)
{
    char *list = allocate_copy (settings_text (self->settings, "worker/brokers"));
    const char *endpoints [BROKERS];
    size_t count = 0;
    status_t status = STATUS_OK;
    char *rest = NULL;
    for (char *word = strtok_r (list, " \t", &rest); word; word = strtok_r (NULL, " \t", &rest)) {
        if (count < BROKERS)
            endpoints [count] = word;
        count++;
    }
    if (count == 0 || count > BROKERS)
        status = problem_at (problem, STATUS_BAD_SETTING, "worker/brokers",
                             "worker/brokers names %zu brokers; give 1 to %d, separated by blanks",
                             count, BROKERS);
    if (status == STATUS_OK)
        status = keyring_check (self->keyring, "worker/brokers", count, problem);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = worker_add_bond (self, zmq, endpoints [i], count, problem);
    free (list);
    return status;
}

static status_t
worker_open_state (worker_t *self, problem_t *problem)
{
    const char *directory = settings_text (self->settings, "worker/state");
    self->places = places_new ();
    if (!*directory)
        return STATUS_OK;
    self->state = places_file_open (directory, self->places, problem);
    return self->state ? STATUS_OK : problem->status;
}

worker_t *
worker_new (const settings_t *settings, void *zmq, problem_t *problem)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once (&once, runner_prepare_process);

    OWNED (worker) worker_t *self = ALLOCATE (worker_t);
    self->settings = settings;
    self->settled_by_ms = INT64_MAX;
    self->instance = worker_seed () >> 1;
    self->metrics = metrics_new ("worker");
    self->bell = bell_new ();
    self->keyring = keyring_new (settings, problem);
    if (!self->keyring)
        return NULL;
    self->badge = badge_new (settings, problem);
    self->luggage = self->badge ? luggage_new (settings, problem) : NULL;
    if (!self->luggage)
        return NULL;
    self->repertoire = repertoire_new (settings, process_helper, self->metrics, problem);
    if (!self->repertoire)
        return NULL;
    if (!repertoire_runs_programs (self->repertoire))
        helper_destroy (&process_helper);
    self->runner = runner_new (
        &(runner_settings_t){.offers = repertoire_offers (self->repertoire),
                             .offer_count = repertoire_count (self->repertoire),
                             .threads = (size_t)settings_number (settings, "worker/threads"),
                             .transfers = (size_t)settings_number (settings, "worker/capacity") +
                                          (size_t)LISTENER_RUNS * BROKERS,
                             .transform_ms = (int)settings_number (settings, "worker/transform_ms"),
                             .transform_most = (size_t)settings_limits (settings)->event_bytes,
                             .bell = self->bell});
    if (worker_open_state (self, problem) || worker_add_bonds (self, zmq, problem))
        return NULL;
    int failed = pthread_create (&self->thread, NULL, worker_main, self);
    if (failed) {
        problem_set (problem, STATUS_SYSTEM, "no thread can be made: %s", strerror (failed));
        return NULL;
    }
    self->has_thread = true;
    return TAKE (self);
}

void
worker_destroy (worker_t **self_p)
{
    worker_t *self = *self_p;
    if (!self)
        return;
    if (self->has_thread) {
        atomic_store (&self->is_leaving, true);
        bell_ring (self->bell);
        pthread_join (self->thread, NULL);
    }
    for (size_t i = 0; i < self->bond_count; i++)
        bond_destroy (&self->bonds [i]);
    places_file_close (&self->state);
    places_destroy (&self->places);
    runner_destroy (&self->runner);
    repertoire_destroy (&self->repertoire);
    luggage_destroy (&self->luggage);
    badge_destroy (&self->badge);
    keyring_destroy (&self->keyring);
    bell_destroy (&self->bell);
    metrics_destroy (&self->metrics);
    free (self);
    *self_p = NULL;
}
