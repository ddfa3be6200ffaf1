#include "broker/broker.h"
#include "broker/core/view.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "broker/admin_token.h"
#include "broker/back.h"
#include "broker/calls.h"
#include "broker/doorman.h"
#include "broker/edge.h"
#include "broker/feed_socket.h"
#include "broker/front.h"
#include "broker/listening.h"
#include "broker/loading.h"
#include "broker/retention.h"
#include "broker/waits.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

enum {
    LEVEL_MS = 1000,        //  between two writes of level_seq
    LAST_WRITE_MS = 5000,   //  how long a stop waits for the store
    CATCH_UP_ROUNDS = 1000  //  of reading, after the process was stopped
};

struct broker {
    const settings_t *settings;  //  borrowed
    store_t *store;
    metrics_t *metrics;
    bell_t *bell;  //  rung by the writer, the reader and who wants us to stop
    loop_t *loop;
    edge_t edge;
    pthread_t thread;
    atomic_bool is_asked_to_stop;

    //  The broker's thread alone.
    enum { SERVING, DRAINING, CLOSING, CLOSED } state;
    int64_t next_beat_ms;    //  monotonic
    int64_t state_until_ms;  //  monotonic: DRAINING and CLOSING end then
};

//  ---- the thread

static bool
broker_hear_bell (void *context)
{
    broker_t *self = context;
    bell_silence (self->bell);
    edge_hear (&self->edge);
    return false;
}

static int64_t
broker_core_deadline (broker_t *self, int64_t now_ms)
{
    int64_t deadline_ms = core_deadline (self->edge.core);
    return deadline_ms == INT64_MAX ? INT64_MAX
                                    : now_ms + (deadline_ms - edge_now_ms (&self->edge));
}

static int64_t
broker_deadline (broker_t *self, int64_t now_ms)
{
    int64_t deadline_ms = broker_core_deadline (self, now_ms);
    if (deadline_ms > self->next_beat_ms)
        deadline_ms = self->next_beat_ms;
    if (deadline_ms > waits_deadline (self->edge.waits))
        deadline_ms = waits_deadline (self->edge.waits);
    if (self->state == SERVING && deadline_ms > retention_deadline (self->edge.retention))
        deadline_ms = retention_deadline (self->edge.retention);
    if (deadline_ms > doorman_deadline (self->edge.doorman))
        deadline_ms = doorman_deadline (self->edge.doorman);
    if (self->state != SERVING && deadline_ms > self->state_until_ms)
        deadline_ms = self->state_until_ms;
    return deadline_ms;
}

/*  This process was stopped for a while (SIGSTOP, a closed lid). What others said meanwhile waits in
 *  the sockets, and is heard before the core may judge anybody silent.
 */
static void
broker_catch_up (broker_t *self, int64_t late_ms)
{
    log_notice ("broker", "this process stood still for %lld ms", (long long)late_ms);
    bool has_more = true;
    for (int i = 0; i < CATCH_UP_ROUNDS && has_more; i++) {
        has_more = back_ready (self->edge.back);
        has_more = front_ready (self->edge.front) || has_more;
    }
}

static void
broker_tick (broker_t *self)
{
    int64_t now_ms = monotonic_ms ();
    if (core_deadline (self->edge.core) <= edge_now_ms (&self->edge))
        edge_step (&self->edge, &(input_t){.kind = INPUT_TICK});
    if (doorman_tick (self->edge.doorman, now_ms)) {
        front_expel (self->edge.front);
        back_expel (self->edge.back);
        feed_socket_expel (self->edge.feed);
    }
    waits_tick (self->edge.waits, now_ms);
    if (self->state == SERVING)
        retention_tick (self->edge.retention, now_ms);
    if (now_ms < self->next_beat_ms)
        return;
    self->next_beat_ms = now_ms + self->edge.heartbeat_ms;
    back_beat (self->edge.back, now_ms);
    front_beat (self->edge.front, now_ms);
}

static void
broker_begin_state (broker_t *self, int state, int64_t patience_ms)
{
    self->state = (__typeof__ (self->state))state;
    self->state_until_ms = monotonic_ms () + patience_ms;
}

//  The last word of the core: it says BYE to workers and gives out no more, or, when that has been
//  said, writes down how far everybody has come.
static void
broker_tell_stop (broker_t *self)
{
    edge_step (&self->edge, &(input_t){.kind = INPUT_STOP});
}

static void
broker_drain (broker_t *self)
{
    broker_begin_state (self, DRAINING, settings_number (self->settings, "broker/drain_ms"));
    broker_tell_stop (self);
    waits_end (self->edge.waits);
}

static void
broker_write_the_rest (broker_t *self)
{
    size_t leases = core_stats (self->edge.core).leases;
    if (leases > 0)
        log_warning ("broker", "stops with %zu deliveries in flight: they are made again", leases);
    broker_begin_state (self, CLOSING, LAST_WRITE_MS);
    broker_tell_stop (self);
}

static void
broker_end (broker_t *self)
{
    if (!edge_is_persisted (&self->edge))
        log_error ("broker", "the store did not take the last outcomes: what they say of will be "
                             "delivered again");
    self->state = CLOSED;
}

//  From one state to the next, if its time has come; whether it has.
static bool
broker_move_on (broker_t *self)
{
    bool is_over = monotonic_ms () >= self->state_until_ms;
    if (self->state == SERVING && atomic_load (&self->is_asked_to_stop))
        broker_drain (self);
    else if (self->state == DRAINING && (is_over || core_stats (self->edge.core).leases == 0))
        broker_write_the_rest (self);
    else if (self->state == CLOSING && (is_over || edge_is_persisted (&self->edge)))
        broker_end (self);
    else
        return false;
    return true;
}

static void *
broker_run (void *context)
{
    broker_t *self = context;
    pthread_setname_np (pthread_self (), "broker-core");  //  for top -H
    while (self->state != CLOSED) {
        int64_t deadline_ms = broker_deadline (self, monotonic_ms ());
        loop_turn (self->loop, deadline_ms);
        int64_t late_ms = monotonic_ms () - deadline_ms;
        if (late_ms > self->edge.heartbeat_ms)
            broker_catch_up (self, late_ms);
        broker_tick (self);
        while (broker_move_on (self))
            ;  //  who has nothing to wait for does not wait
        edge_end_turn (&self->edge);
    }
    return NULL;
}

//  ---- life

static core_t *
broker_make_core (const broker_t *self)
{
    core_settings_t settings = {
        .partitions = self->edge.partitions,
        .heartbeat_ms = self->edge.heartbeat_ms,
        .grace_ms = settings_number (self->settings, "broker/brought_grace_ms"),
        .level_ms = LEVEL_MS,
        .tells = settings_flag (self->settings, "broker/tells"),
        .feeds_all = true,
        .limits = *self->edge.limits,
    };
    randombytes_buf (&settings.seed, sizeof settings.seed);
    return core_new (&settings, self->edge.clock.now_ms);
}

static void
broker_start_writer (broker_t *self, const inventory_t *inventory)
{
    int64_t *last_seqs = allocate ((size_t)inventory->partition_count, sizeof *last_seqs);
    for (int32_t i = 0; i < inventory->partition_count; i++)
        last_seqs [i] = inventory->partitions [i].last_seq;
    self->edge.writer = writer_new (&(writer_settings_t){
        .store = self->store,
        .last_seqs = last_seqs,
        .partitions = inventory->partition_count,
        .metrics = self->metrics,
        .bell = self->bell,
    });
    free (last_seqs);
}

//  Everything that needs no socket: threads of the store, the core, and what it has to know.
static void
broker_load (broker_t *self, const inventory_t *inventory)
{
    edge_t *edge = &self->edge;
    edge->partitions = inventory->partition_count;
    broker_start_writer (self, inventory);
    edge->reader = reader_new (self->store, self->bell);
    edge->calls = calls_new (edge);
    edge->listening = listening_new (edge);
    edge->waits = waits_new (edge);
    edge->retention = retention_new (edge, self->settings);
    char folder [PATH_MAX];
    admin_token_folder (edge->store_url, folder);
    edge->transcript = transcript_new (folder);
    edge->clock = steady_clock_start ();
    edge->effects = effects_new ();
    edge->core = broker_make_core (self);
    loading_tell (edge, inventory);
    edge_end_turn (edge);
}

static status_t
broker_bind (broker_t *self, void *zmq, problem_t *problem)
{
    edge_t *edge = &self->edge;
    edge->doorman = doorman_new (self->settings, zmq, self->metrics, problem);
    if (!edge->doorman)
        return problem->status;
    edge->front = front_new (edge, zmq, settings_text (self->settings, "broker/front"), problem);
    if (!edge->front)
        return problem->status;
    edge->back = back_new (edge, zmq, settings_text (self->settings, "broker/back"), problem);
    if (!edge->back)
        return problem->status;
    edge->feed = feed_socket_new (edge, zmq, self->settings, problem);
    if (!edge->feed)
        return problem->status;
    if (doorman_try (edge->doorman, zmq, edge->limits, problem))
        return problem->status;
    loop_add_socket (self->loop, feed_socket_handle (edge->feed), feed_socket_ready, edge->feed);
    loop_add_descriptor (self->loop, bell_descriptor (self->bell), broker_hear_bell, self);
    doorman_stand (edge->doorman, self->loop);
    loop_add_socket (self->loop, back_socket (edge->back), back_ready, edge->back);
    loop_add_socket (self->loop, front_socket (edge->front), front_ready, edge->front);
    return STATUS_OK;
}

static status_t
broker_open (broker_t *self, void *zmq, problem_t *problem)
{
    OWNED (inventory) inventory_t *inventory = NULL;
    status_t status = self->store->ops->load (self->store, &inventory, problem);
    if (status == STATUS_OK)
        status = admin_token_ensure (self->store, self->settings, problem);
    if (status == STATUS_OK)
        status = broker_bind (self, zmq, problem);
    if (status == STATUS_OK)
        broker_load (self, inventory);
    return status;
}

//  What is left of a broker whose thread has ended, or never began.
static void
broker_take_apart (broker_t *self)
{
    edge_t *edge = &self->edge;
    writer_destroy (&edge->writer);  //  before the core, whose memory it writes from
    reader_destroy (&edge->reader);
    front_destroy (&edge->front);
    back_destroy (&edge->back);
    feed_socket_destroy (&edge->feed);
    listening_destroy (&edge->listening);
    doorman_destroy (&edge->doorman);  //  last: a door without one is open to all
    calls_destroy (&edge->calls);
    waits_destroy (&edge->waits);
    retention_destroy (&edge->retention);
    core_destroy (&edge->core);
    effects_destroy (&edge->effects);
    transcript_destroy (&edge->transcript);
    store_destroy (&self->store);
    loop_destroy (&self->loop);
    bell_destroy (&self->bell);
    metrics_destroy (&self->metrics);
    free (self);
}

static broker_t *
broker_make (store_t *store, const settings_t *settings)
{
    broker_t *self = ALLOCATE (broker_t);
    self->store = store;
    self->settings = settings;
    self->metrics = metrics_new ("broker");
    self->bell = bell_new ();
    self->loop = loop_new ();
    self->edge.name = settings_text (settings, "broker/name");
    self->edge.store_url = settings_text (settings, "store/url");
    self->edge.limits = settings_limits (settings);
    self->edge.heartbeat_ms = settings_number (settings, "broker/heartbeat_ms");
    self->edge.takes_brought = settings_flag (settings, "broker/takes_brought");
    self->edge.metrics = self->metrics;
    self->next_beat_ms = monotonic_ms () + self->edge.heartbeat_ms;
    return self;
}

broker_t *
broker_new_on (store_t *store, const settings_t *settings, void *zmq, problem_t *problem)
{
    problem_t ignored;
    broker_t *self = broker_make (store, settings);
    if (broker_open (self, zmq, problem ? problem : &ignored) != STATUS_OK) {
        broker_take_apart (self);
        return NULL;
    }
    log_notice ("broker",
                "%s serves gateways at %s and workers at %s, feeds at %s, with %zu subscriptions",
                self->edge.name, broker_front (self), broker_back (self), broker_feed (self),
                core_stats (self->edge.core).subscriptions);
    int failed = pthread_create (&self->thread, NULL, broker_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    return self;
}

broker_t *
broker_new (const settings_t *settings, void *zmq, problem_t *problem)
{
    int64_t partitions = settings_number (settings, "store/partitions");
    store_t *store = store_open (settings_text (settings, "store/url"), (int32_t)partitions,
                                 settings_limits (settings), problem);
    if (!store)
        return NULL;
    store->ops->keep_free (store, settings_number (settings, "store/min_free_bytes"));
    return broker_new_on (store, settings, zmq, problem);
}

const char *
broker_front (const broker_t *self)
{
    return front_endpoint (self->edge.front);
}

const char *
broker_back (const broker_t *self)
{
    return back_endpoint (self->edge.back);
}

const char *
broker_feed (const broker_t *self)
{
    return feed_socket_endpoint (self->edge.feed);
}

void
broker_destroy (broker_t **self_p)
{
    broker_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_asked_to_stop, true);
    bell_ring (self->bell);
    pthread_join (self->thread, NULL);
    broker_take_apart (self);
    *self_p = NULL;
}
