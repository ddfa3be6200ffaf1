#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/keys/allow_list.h"

typedef struct {
    char folder [64];
    allow_list_t *list;
    node_key_t broker, worker, gateway;
} world_t;

static void
make (node_key_t *key, const char *name, node_role_t role)
{
    assert_int_equal (node_key_make (name, role, key, NULL), STATUS_OK);
}

static int
make_world (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    snprintf (world->folder, sizeof world->folder, "/tmp/tocsin-allowed-XXXXXX");
    assert_non_null (mkdtemp (world->folder));
    make (&world->broker, "broker-1", NODE_BROKER);
    make (&world->worker, "worker-1", NODE_WORKER);
    make (&world->gateway, "gateway-1", NODE_GATEWAY);
    world->list = allow_list_new (world->folder, &world->broker);
    *state = world;
    return 0;
}

static int
remove_entry (const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove (path);
}

static int
end_world (void **state)
{
    world_t *world = *state;
    allow_list_destroy (&world->list);
    nftw (world->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    test_free (world);
    return 0;
}

static void
put (const world_t *world, const node_key_t *key)
{
    problem_t problem = {0};
    if (node_key_write (key, world->folder, &problem))
        fail_msg ("%s", problem.text);
}

static void
drop (const world_t *world, const char *name)
{
    char path [160];
    snprintf (path, sizeof path, "%s/%s", world->folder, name);
    assert_int_equal (remove (path), 0);
}

static allow_changes_t
read_again (const world_t *world)
{
    allow_changes_t changes;
    problem_t problem = {0};
    if (allow_list_read (world->list, &changes, &problem))
        fail_msg ("%s", problem.text);
    return changes;
}

static void
nobody_is_allowed_but_the_broker_itself (void **state)
{
    world_t *world = *state;
    assert_non_null (allow_list_find (world->list, world->broker.public_key));
    assert_null (allow_list_find (world->list, world->worker.public_key));
    assert_null (allow_list_find (world->list, NULL));
    assert_null (allow_list_find (world->list, "short"));
    assert_int_equal (read_again (world).keys, 0);
    assert_non_null (allow_list_find (world->list, world->broker.public_key));
}

static void
a_file_that_comes_allows_and_one_that_goes_revokes (void **state)
{
    world_t *world = *state;
    put (world, &world->worker);
    put (world, &world->gateway);
    allow_changes_t changes = read_again (world);
    assert_int_equal (changes.keys, 2);
    assert_int_equal (changes.added, 2);
    assert_int_equal (changes.faults, 0);  //  the secrets beside them are passed over
    uint64_t worker = allow_list_find (world->list, world->worker.public_key)->number;
    uint64_t gateway = allow_list_find (world->list, world->gateway.public_key)->number;
    drop (world, "worker-1.public");
    changes = read_again (world);
    assert_int_equal (changes.added, 0);
    assert_int_equal (changes.removed, 1);
    assert_null (allow_list_find (world->list, world->worker.public_key));
    assert_false (allow_list_has (world->list, worker));
    assert_true (allow_list_has (world->list, gateway));
    assert_string_equal (allow_list_key (world->list, gateway)->name, "gateway-1");
    assert_string_equal (allow_list_key (world->list, gateway)->secret_key, "");
}

static void
a_key_that_comes_back_has_another_number (void **state)
{
    world_t *world = *state;
    put (world, &world->worker);
    read_again (world);
    uint64_t before = allow_list_find (world->list, world->worker.public_key)->number;
    drop (world, "worker-1.public");
    drop (world, "worker-1.secret");
    read_again (world);
    put (world, &world->worker);
    read_again (world);
    assert_int_not_equal (allow_list_find (world->list, world->worker.public_key)->number, before);
    assert_false (allow_list_has (world->list, before));
}

static void
a_key_of_another_role_is_another_one (void **state)
{
    world_t *world = *state;
    put (world, &world->worker);
    read_again (world);
    uint64_t before = allow_list_find (world->list, world->worker.public_key)->number;
    drop (world, "worker-1.public");
    drop (world, "worker-1.secret");
    world->worker.role = NODE_GATEWAY;
    put (world, &world->worker);
    allow_changes_t changes = read_again (world);
    assert_int_equal (changes.added, 1);
    assert_int_equal (changes.removed, 1);
    assert_false (allow_list_has (world->list, before));
}

static void
a_file_that_is_none_allows_nobody_and_harms_nobody (void **state)
{
    world_t *world = *state;
    char path [160];
    snprintf (path, sizeof path, "%s/a.public", world->folder);
    FILE *file = fopen (path, "w");
    fputs ("what is this?\n", file);
    fclose (file);
    snprintf (path, sizeof path, "%s/b.public", world->folder);
    assert_int_equal (mkdir (path, 0700), 0);
    put (world, &world->worker);
    allow_changes_t changes = read_again (world);
    assert_int_equal (changes.keys, 1);
    assert_int_equal (changes.faults, 2);
    assert_non_null (strstr (changes.fault.text, "a.public is no file of keys"));
}

static void
one_key_has_one_file (void **state)
{
    world_t *world = *state;
    put (world, &world->worker);
    node_key_t again = world->worker;
    again.role = NODE_GATEWAY;
    memcpy (again.name, "x", 2);
    put (world, &again);
    allow_changes_t changes = read_again (world);
    assert_int_equal (changes.keys, 1);
    assert_int_equal (changes.faults, 1);
    assert_non_null (strstr (changes.fault.text, "has the same key as worker-1"));
    assert_int_equal (allow_list_find (world->list, world->worker.public_key)->key.role,
                      NODE_WORKER);
}

static void
a_directory_that_cannot_be_read_changes_nothing (void **state)
{
    world_t *world = *state;
    put (world, &world->worker);
    read_again (world);
    char aside [80];
    snprintf (aside, sizeof aside, "%s-aside", world->folder);
    assert_int_equal (rename (world->folder, aside), 0);
    allow_changes_t changes;
    problem_t problem;
    assert_int_equal (allow_list_read (world->list, &changes, &problem), STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "No such file or directory"));
    assert_non_null (allow_list_find (world->list, world->worker.public_key));
    assert_int_equal (rename (aside, world->folder), 0);
}

int
main (void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, make_world, end_world)
    const struct CMUnitTest tests [] = {
        IN_WORLD (nobody_is_allowed_but_the_broker_itself),
        IN_WORLD (a_file_that_comes_allows_and_one_that_goes_revokes),
        IN_WORLD (a_key_that_comes_back_has_another_number),
        IN_WORLD (a_key_of_another_role_is_another_one),
        IN_WORLD (a_file_that_is_none_allows_nobody_and_harms_nobody),
        IN_WORLD (one_key_has_one_file),
        IN_WORLD (a_directory_that_cannot_be_read_changes_nothing),
    };
    return cmocka_run_group_tests_name ("allow_list", tests, NULL, NULL);
}
