#include "broker/store/store_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/store/memory.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

static const char *const endings [] = {"", "-wal", "-shm", ".lock"};
enum { ENDINGS = sizeof endings / sizeof endings [0] };

scene_t *
scene_memory (int32_t partitions)
{
    scene_t *self = ALLOCATE (scene_t);
    self->limits = limits_default ();
    self->store = memory_store_new (partitions);
    return self;
}

static void
make_directory (scene_t *self)
{
    strcpy (self->directory, "/tmp/tocsin-store-XXXXXX");
    if (!mkdtemp (self->directory))
        fail_msg ("no directory %s", self->directory);
    snprintf (self->path, sizeof self->path, "%s/tocsin.db", self->directory);
}

static void
remove_directory (scene_t *self)
{
    for (int i = 0; i < ENDINGS; i++) {
        char path [128];
        snprintf (path, sizeof path, "%s%s", self->path, endings [i]);
        unlink (path);
    }
    rmdir (self->directory);
}

scene_t *
scene_sqlite (int32_t partitions)
{
    scene_t *self = ALLOCATE (scene_t);
    self->limits = limits_default ();
    make_directory (self);
    if (partitions)
        scene_open (self, partitions);
    return self;
}

void
scene_destroy (scene_t **self_p)
{
    scene_t *self = *self_p;
    if (!self)
        return;
    store_destroy (&self->store);
    if (*self->directory)
        remove_directory (self);
    free (self);
    *self_p = NULL;
}

static store_t *
open_path (scene_t *self, int32_t partitions, problem_t *problem)
{
    char url [128];
    snprintf (url, sizeof url, "sqlite://%s", self->path);
    return store_open (url, partitions, &self->limits, problem);
}

void
scene_open (scene_t *self, int32_t partitions)
{
    problem_t problem = {0};
    self->store = open_path (self, partitions, &problem);
    if (!self->store)
        fail_msg ("%s", problem.text);
}

status_t
scene_try (scene_t *self, problem_t *problem)
{
    *problem = (problem_t){0};
    self->store = open_path (self, 1, problem);
    return problem->status;
}

void
scene_close (scene_t *self)
{
    store_destroy (&self->store);
}

void
scene_copy (const char *from, const char *to)
{
    FILE *source = fopen (from, "rb");
    if (!source)
        return;
    FILE *copy = fopen (to, "wb");
    assert_non_null (copy);
    char bytes [4096];
    size_t size;
    while ((size = fread (bytes, 1, sizeof bytes, source)) > 0)
        assert_int_equal (fwrite (bytes, 1, size, copy), size);
    fclose (source);
    assert_int_equal (fclose (copy), 0);
}

//  Without the -shm: after a machine's death there is none, after a process's it is made anew too.
void
scene_kill (scene_t *self)
{
    if (!*self->directory)
        return;
    scene_t before = *self;
    make_directory (self);
    for (int i = 0; i < 2; i++) {
        char from [128], to [128];
        snprintf (from, sizeof from, "%s%s", before.path, endings [i]);
        snprintf (to, sizeof to, "%s%s", self->path, endings [i]);
        scene_copy (from, to);
    }
    store_destroy (&before.store);
    remove_directory (&before);
    scene_open (self, 1);
}

void
scene_between (scene_t *self)
{
    if (self->is_mortal)
        scene_kill (self);
}

static int
set_up_memory (void **state)
{
    *state = scene_memory (SCENE_PARTITIONS);
    return 0;
}

static int
set_up_sqlite (void **state)
{
    *state = scene_sqlite (SCENE_PARTITIONS);
    return 0;
}

static int
set_up_mortal (void **state)
{
    scene_t *scene = scene_sqlite (SCENE_PARTITIONS);
    scene->is_mortal = true;
    *state = scene;
    return 0;
}

static int
tear_down (void **state)
{
    scene_destroy ((scene_t **)state);
    return 0;
}

int
scene_play (const struct CMUnitTest *scenes, size_t count)
{
    static const struct {
        const char *name;
        CMFixtureFunction set_up;
    } stores [] = {{"memory", set_up_memory},
                   {"sqlite", set_up_sqlite},
                   {"sqlite, killed between any two calls", set_up_mortal}};
    struct CMUnitTest *tests = allocate (count, sizeof *tests);
    int failed = 0;
    for (size_t i = 0; i < sizeof stores / sizeof stores [0]; i++) {
        for (size_t k = 0; k < count; k++) {
            tests [k] = scenes [k];
            tests [k].setup_func = stores [i].set_up;
            tests [k].teardown_func = tear_down;
        }
        failed += _cmocka_run_group_tests (stores [i].name, tests, count, NULL, NULL);
    }
    free (tests);
    return failed;
}

event_t *
scene_event (int32_t partition, const char *id, const char *data)
{
    event_t fields = {.id = id,
                      .source = "/sources/test",
                      .type = "test.made",
                      .subject = "/things/1",
                      .key = "/things/1",
                      .time = "2026-01-01T00:00:00Z",
                      .content_type = "application/json",
                      .data = (const uint8_t *)data,
                      .data_size = strlen (data),
                      .partition = partition,
                      .accepted_ms = 1700000000000};
    return event_new (&fields);
}

event_t *
scene_caused_event (int32_t partition, const char *id, const char *root)
{
    OWNED (event) event_t *plain = scene_event (partition, id, "{\"n\": 1}");
    event_t fields = *plain;
    fields.causation = "some-other";
    fields.root = root;
    fields.via = "S1";
    fields.hops = 2;
    return event_new (&fields);
}

event_t *
scene_big_event (int32_t partition, const char *id, size_t data_size)
{
    char *data = allocate (data_size + 1, 1);
    for (size_t i = 0; i < data_size; i++)
        data [i] = (char)('a' + (i * 7 + strlen (id)) % 26);
    event_t *event = scene_event (partition, id, data);
    free (data);
    return event;
}

subscription_t *
scene_subscription (const char *id, int64_t version)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    json_t *document = json_pack ("{s:s, s:{s:s}, s:{s:s}}", "id", id, "match", "type", "test.**",
                                  "deliver", "url", "https://consumer.example/hook");
    subscription_t *subscription = subscription_new (document, version, &limits, &problem);
    json_decref (document);
    if (!subscription)
        fail_msg ("%s", problem.text);
    return subscription;
}

static void
must_commit (scene_t *self, const batch_t *batch, stored_t *stored)
{
    problem_t problem = {0};
    if (self->store->ops->commit (self->store, batch, stored, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
}

stored_t
scene_publish (scene_t *self, int32_t partition, const char *id, const char *data)
{
    OWNED (event) event_t *event = scene_event (partition, id, data);
    stored_t stored = {.seq = -1};
    must_commit (self, &(batch_t){.events = &event, .event_count = 1}, &stored);
    return stored;
}

void
scene_publish_event (scene_t *self, event_t *event)
{
    must_commit (self, &(batch_t){.events = &event, .event_count = 1}, &(stored_t){0});
    event_destroy (&event);
}

void
scene_publish_many (scene_t *self, int32_t partition, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char id [32];
        snprintf (id, sizeof id, "e%d", i);
        stored_t stored = scene_publish (self, partition, id, "{\"n\": 1}");
        assert_int_equal (stored.kind, STORED_NEW);
    }
}

void
scene_change (scene_t *self, const change_t *changes, size_t count)
{
    must_commit (self, &(batch_t){.changes = changes, .change_count = count}, NULL);
}

void
scene_subscribe (scene_t *self, const char *id)
{
    OWNED (subscription) subscription_t *subscription = scene_subscription (id, 1);
    change_t change = {.kind = CHANGE_SUBSCRIPTION, .subscription = id, .document = subscription};
    scene_change (self, &change, 1);
}

void
scene_trim (scene_t *self, int32_t partition, int64_t seq)
{
    change_t change = {.kind = CHANGE_TRIM, .partition = partition, .seq = seq};
    scene_change (self, &change, 1);
    scene_between (self);
}

void
scene_except (scene_t *self, const char *subscription, int64_t seq, exception_state_t state)
{
    change_t change = {.kind = CHANGE_EXCEPTION,
                       .subscription = subscription,
                       .seq = seq,
                       .exception = {.state = state, .attempts = 3, .due_ms = 1000 * seq}};
    scene_change (self, &change, 1);
    scene_between (self);
}

void
scene_try_once (scene_t *self, const char *subscription, int64_t seq, int32_t number)
{
    change_t change = {.kind = CHANGE_ATTEMPT,
                       .subscription = subscription,
                       .seq = seq,
                       .attempt = {.number = number, .error = "busy", .worker = "", .result = ""}};
    scene_change (self, &change, 1);
    scene_between (self);
}

inventory_t *
scene_load (scene_t *self)
{
    inventory_t *inventory = NULL;
    problem_t problem = {0};
    if (self->store->ops->load (self->store, &inventory, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    return inventory;
}

page_t *
scene_read (scene_t *self, int32_t partition, int64_t above_seq)
{
    page_t *page = NULL;
    problem_t problem = {0};
    if (self->store->ops->read (self->store, partition, above_seq, SIZE_MAX, 100000, &page,
                                &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    return page;
}

history_t *
scene_look_up (scene_t *self, const char *id)
{
    history_t *history = NULL;
    problem_t problem = {0};
    if (self->store->ops->look_up (self->store, id, &history, &problem) != STATUS_OK)
        fail_msg ("%s", problem.text);
    return history;
}

uint64_t
scene_random (uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C (0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C (0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

page_t *
scene_list_tree (scene_t *self, const char *root, size_t limit)
{
    page_t *page = NULL;
    problem_t problem = {0};
    if (self->store->ops->list_tree (self->store, root, limit, SIZE_MAX, &page, &problem) !=
        STATUS_OK)
        fail_msg ("%s", problem.text);
    return page;
}
