#include "broker/broker_stage.h"

#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>
#include <zmq.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { PATIENCE_MS = 30000, SETS = 16, FOLDER_SIZE = 64 };

struct stage {
    char folder [FOLDER_SIZE];
    char store_url [128];
    const char *sets [SETS];
    size_t set_count;
    void *zmq;
    settings_t *settings;  //  of the broker that runs
    broker_t *broker;
    bool is_memory;
    store_t *memory;  //  the broker's
    actor_t *actors;  //  that have not ended
};

struct actor {
    stage_t *stage;
    actor_t *prev, *next;  //  in the stage's actors
    link_t *link;
    limits_t limits;
    uint64_t last_request;
};

static void
make_folder (stage_t *self)
{
    snprintf (self->folder, sizeof self->folder, "/tmp/tocsin-broker-XXXXXX");
    assert_non_null (mkdtemp (self->folder));
}

static int
remove_entry (const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove (path);
}

stage_t *
stage_new (void)
{
    stage_t *self = test_calloc (1, sizeof *self);
    log_set_level (getenv ("TOCSIN_TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
    make_folder (self);
    snprintf (self->store_url, sizeof self->store_url, "store/url=sqlite://%s/t.db", self->folder);
    self->zmq = zmq_ctx_new ();
    return self;
}

stage_t *
stage_new_memory (void)
{
    stage_t *self = stage_new ();
    self->is_memory = true;
    return self;
}

store_t *
stage_store (const stage_t *self)
{
    return self->memory;
}

void
stage_destroy (stage_t **self_p)
{
    stage_t *self = *self_p;
    actor_t *actor, *next;
    DL_FOREACH_SAFE (self->actors, actor, next)
    actor_destroy (&actor);
    stage_stop (self);
    zmq_ctx_term (self->zmq);
    nftw (self->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    test_free (self);
    *self_p = NULL;
}

const char *
stage_folder (const stage_t *self)
{
    return self->folder;
}

void
stage_stop (stage_t *self)
{
    broker_destroy (&self->broker);
    settings_destroy (&self->settings);
}

void
stage_set (stage_t *self, const char *key_is_value)
{
    assert_true (self->set_count < SETS);
    self->sets [self->set_count++] = key_is_value;
}

static void
set (stage_t *self, const char *key_is_value)
{
    problem_t problem = {0};
    if (settings_set (self->settings, key_is_value, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
}

void
stage_start (stage_t *self)
{
    char heartbeat [64];
    snprintf (heartbeat, sizeof heartbeat, "broker/heartbeat_ms=%d", STAGE_HEARTBEAT_MS);
    self->settings = settings_new ();
    set (self, "broker/tells=0");  //  what a play appends is all there is, unless it wants more
    set (self, self->store_url);
    set (self, heartbeat);
    set (self, "broker/front=tcp://127.0.0.1:*");
    set (self, "broker/back=tcp://127.0.0.1:*");
    set (self, "broker/feed=tcp://127.0.0.1:*");
    for (size_t i = 0; i < self->set_count; i++)
        set (self, self->sets [i]);
    problem_t problem = {0};
    if (self->is_memory) {
        self->memory = memory_store_new (1);
        self->broker = broker_new_on (self->memory, self->settings, self->zmq, &problem);
    }
    else
        self->broker = broker_new (self->settings, self->zmq, &problem);
    if (!self->broker)
        fail_msg ("%s", problem.text);
}

static void
copy_file (const char *from_folder, const char *to_folder, const char *name)
{
    char command [512];
    snprintf (command, sizeof command, "cp -p %s/%s %s/ 2>/dev/null", from_folder, name, to_folder);
    int ignored = system (command);  //  a WAL need not be there
    (void)ignored;
}

void
stage_crash (stage_t *self)
{
    char old_folder [FOLDER_SIZE];
    memcpy (old_folder, self->folder, sizeof old_folder);
    make_folder (self);
    copy_file (old_folder, self->folder, "t.db");
    copy_file (old_folder, self->folder, "t.db-wal");
    copy_file (old_folder, self->folder, "admin.token");
    stage_set (self, "broker/drain_ms=1");
    stage_stop (self);
    nftw (old_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    snprintf (self->store_url, sizeof self->store_url, "store/url=sqlite://%s/t.db", self->folder);
    stage_start (self);
}

//  ---- actors

static actor_t *
actor_new (stage_t *stage, const char *endpoint)
{
    actor_t *self = test_calloc (1, sizeof *self);
    self->stage = stage;
    DL_APPEND (stage->actors, self);
    self->limits = limits_default ();
    link_settings_t settings = {.zmq = stage->zmq, .endpoint = endpoint, .limits = &self->limits};
    problem_t problem = {0};
    self->link = link_new (&settings, &problem);
    if (!self->link)
        fail_msg ("%s", problem.text);
    return self;
}

actor_t *
actor_gateway (stage_t *stage)
{
    return actor_new (stage, broker_front (stage->broker));
}

actor_t *
actor_worker (stage_t *stage)
{
    return actor_new (stage, broker_back (stage->broker));
}

void
actor_destroy (actor_t **self_p)
{
    if (!*self_p)
        return;
    DL_DELETE ((*self_p)->stage->actors, *self_p);
    link_destroy (&(*self_p)->link);
    test_free (*self_p);
    *self_p = NULL;
}

void
actor_say (actor_t *self, const message_t *message)
{
    assert_int_equal (link_send (self->link, 1, message), STATUS_OK);
}

void
actor_say_raw (actor_t *self, const char *head, const char *body)
{
    void *socket = link_socket (self->link);
    assert_true (zmq_send (socket, head, strlen (head), ZMQ_SNDMORE) >= 0);
    assert_true (zmq_send (socket, body, strlen (body), 0) >= 0);
}

message_t
actor_hear (actor_t *self)
{
    int64_t until_ms = monotonic_ms () + PATIENCE_MS;
    for (;;) {
        link_peer_t peer;
        message_t message;
        problem_t problem = {0};
        status_t status = link_receive (self->link, &peer, &message, &problem);
        if (status == STATUS_OK)
            return message;
        if (status != STATUS_NOT_FOUND)
            fail_msg ("%s", problem.text);
        int64_t left_ms = until_ms - monotonic_ms ();
        if (left_ms <= 0)
            fail_msg ("nothing came within %d ms", PATIENCE_MS);
        zmq_pollitem_t item = {.socket = link_socket (self->link), .events = ZMQ_POLLIN};
        zmq_poll (&item, 1, (long)left_ms);
    }
}

bool
actor_hears_more (actor_t *self, long within_ms)
{
    zmq_pollitem_t item = {.socket = link_socket (self->link), .events = ZMQ_POLLIN};
    return zmq_poll (&item, 1, within_ms) > 0;
}

message_t
actor_expect (actor_t *self, command_t command)
{
    for (;;) {
        message_t message = actor_hear (self);
        if (message.command == command)
            return message;
        if (message.command != COMMAND_HEARTBEAT)
            fail_msg ("%s came instead of %s: %s", command_name (message.command),
                      command_name (command), message.text ? message.text : "");
        message_clear (&message);
    }
}

//  ---- a gateway's verbs

void
actor_publish (actor_t *self, uint64_t request, const char *id, const char *data)
{
    OWNED (event)
    event_t *event = event_new (&(event_t){.id = id,
                                           .type = "kinto.record.update",
                                           .subject = "/buckets/b/collections/c/records/r",
                                           .time = "2026-11-24T03:00:00Z",
                                           .data = (const uint8_t *)data,
                                           .data_size = strlen (data)});
    actor_say (self, &(message_t){.command = COMMAND_PUBLISH,
                                  .request = request,
                                  .events = &event,
                                  .event_count = 1});
}

confirmation_t
actor_publish_and_wait (actor_t *self, const char *id, const char *data)
{
    uint64_t request = ++self->last_request;
    actor_publish (self, request, id, data);
    message_t confirm = actor_expect (self, COMMAND_CONFIRM);
    assert_int_equal (confirm.request, request);
    assert_int_equal (confirm.confirmation_count, 1);
    confirmation_t confirmation = confirm.confirmations [0];
    message_clear (&confirm);
    return confirmation;
}

char *
actor_ask (actor_t *self, const char *method, json_t *args, status_t *status)
{
    char *json = args ? json_dumps (args, 0) : NULL;
    json_decref (args);
    uint64_t request = ++self->last_request;
    actor_say (self, &(message_t){.command = COMMAND_CALL,
                                  .request = request,
                                  .method = method,
                                  .json = json ? json : "{}",
                                  .json_size = json ? strlen (json) : 2});
    free (json);
    message_t message = actor_expect (self, COMMAND_REPLY);
    assert_int_equal (message.request, request);
    *status = message.status;
    char *text = allocate_copy (message.json);
    message_clear (&message);
    return text;
}

status_t
actor_try (actor_t *self, const char *method, json_t *args, json_t **reply)
{
    status_t status;
    char *text = actor_ask (self, method, args, &status);
    json_t *answer = json_loads (text, 0, NULL);
    assert_non_null (answer);
    free (text);
    if (reply)
        *reply = answer;
    else
        json_decref (answer);
    return status;
}

json_t *
actor_call (actor_t *self, const char *method, json_t *args)
{
    json_t *reply;
    status_t status = actor_try (self, method, args, &reply);
    if (status != STATUS_OK)
        fail_msg ("%s: %s: %s", method, status_name (status),
                  json_string_value (json_object_get (reply, "message")));
    return reply;
}

void
actor_subscribe (actor_t *self, const char *id)
{
    json_t *args = json_pack ("{s:{s:s, s:{s:s}, s:{s:s}}}", "document", "id", id, "match", "type",
                              "kinto.record.*", "deliver", "url", "http://127.0.0.1:9/hook");
    json_decref (actor_call (self, "subscription.create", args));
}

static bool
has_status (const json_t *reply, const char *subscription, const char *status)
{
    const json_t *list = json_object_get (json_object_get (reply, "data"), "deliveries");
    size_t index;
    json_t *delivery;
    json_array_foreach (list, index, delivery)
    {
        const char *whose = json_string_value (json_object_get (delivery, "subscription"));
        if (strcmp (whose, subscription) == 0)
            return strcmp (json_string_value (json_object_get (delivery, "status")), status) == 0;
    }
    return false;
}

void
actor_await_status (actor_t *self, const char *event, const char *subscription, const char *status)
{
    int64_t until_ms = monotonic_ms () + PATIENCE_MS;
    bool is_reached = false;
    while (!is_reached) {
        json_t *reply = actor_call (self, "event.get", json_pack ("{s:s}", "id", event));
        is_reached = has_status (reply, subscription, status);
        if (!is_reached && monotonic_ms () > until_ms)
            fail_msg ("%s is not %s: %s", event, status, json_dumps (reply, 0));
        json_decref (reply);
    }
}

void
actor_expect_explained (actor_t *self, const char *event, const char *subscription,
                        const char *status, const char *reason, const char *part)
{
    json_t *answer = actor_call (
        self, "event.explain", json_pack ("{s:s, s:s}", "id", event, "subscription", subscription));
    const char *found_status, *found_reason, *text;
    assert_int_equal (json_unpack (answer, "{s:{s:s, s:s, s:s}}", "data", "status", &found_status,
                                   "reason", &found_reason, "text", &text),
                      0);
    if (strcmp (found_status, status) != 0 || strcmp (found_reason, reason) != 0 ||
        !strstr (text, part))
        fail_msg ("%s is %s because %s: %s", event, found_status, found_reason, text);
    json_decref (answer);
}

//  ---- a worker's verbs

void
actor_grant (actor_t *self, uint64_t session, uint64_t deliveries)
{
    actor_say (self, &(message_t){.command = COMMAND_CREDIT,
                                  .session = session,
                                  .deliveries_granted = deliveries,
                                  .bytes_granted = 1 << 30});
}

uint64_t
actor_join (actor_t *self, const char *name, uint64_t credit)
{
    const char *actions [] = {"webhook"};
    actor_say (self, &(message_t){.command = COMMAND_HELLO,
                                  .name = name,
                                  .version = "1",
                                  .actions = actions,
                                  .action_count = 1,
                                  .capacity = 100});
    message_t welcome = actor_expect (self, COMMAND_WELCOME);
    assert_true (welcome.heartbeat_ms >= STAGE_HEARTBEAT_MS);
    uint64_t session = welcome.session;
    message_clear (&welcome);
    assert_true (session > 0);
    actor_grant (self, session, credit);
    return session;
}

void
actor_settle (actor_t *self, uint64_t session, uint64_t lease, outcome_t outcome)
{
    settlement_t settlement = {.lease = lease,
                               .outcome = outcome,
                               .time_ms = 1700000000000,
                               .duration_ms = 5,
                               .http_status = outcome == OUTCOME_OK ? 200 : 500,
                               .connect_us = outcome == OUTCOME_OK ? 0 : 352,  //  used again
                               .first_byte_us = 4200,
                               .error = outcome == OUTCOME_OK ? "" : "500 from the consumer",
                               .result = "fine"};
    actor_say (self, &(message_t){.command = COMMAND_SETTLE,
                                  .session = session,
                                  .settlements = &settlement,
                                  .settlement_count = 1});
}

void
actor_beat (actor_t *self, uint64_t session, uint64_t lease)
{
    actor_say (self, &(message_t){.command = COMMAND_HEARTBEAT,
                                  .session = session,
                                  .leases = &lease,
                                  .lease_count = lease ? 1 : 0,
                                  .received = lease ? 1 : 0});
}

given_t
actor_expect_delivery (actor_t *self, uint64_t session)
{
    message_t message = actor_expect (self, COMMAND_DELIVER);
    assert_int_equal (message.session, session);
    assert_int_equal (message.delivery_count, 1);
    const delivery_t *delivery = &message.deliveries [0];
    assert_true (delivery->target < message.target_count);
    given_t given = {.lease = delivery->lease, .attempt = delivery->attempt};
    snprintf (given.event, sizeof given.event, "%s", delivery->event->id);
    snprintf (given.subscription, sizeof given.subscription, "%s",
              message.targets [delivery->target].subscription);
    message_clear (&message);
    return given;
}

void
actor_expect_settled (actor_t *self, uint64_t lease)
{
    message_t message = actor_expect (self, COMMAND_SETTLED);
    assert_int_equal (message.lease_count, 1);
    assert_int_equal (message.leases [0], lease);
    message_clear (&message);
}
