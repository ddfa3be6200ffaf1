#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/keyring.h"

typedef struct {
    char folder [64];
    settings_t *settings;
    node_key_t gateway, first, second;
} world_t;

static void
make (const world_t *world, node_key_t *key, const char *name, node_role_t role)
{
    assert_int_equal (node_key_make (name, role, key, NULL), STATUS_OK);
    assert_int_equal (node_key_write (key, world->folder, NULL), STATUS_OK);
}

static int
make_world (void **state)
{
    world_t *world = test_calloc (1, sizeof *world);
    snprintf (world->folder, sizeof world->folder, "/tmp/tocsin-keyring-XXXXXX");
    assert_non_null (mkdtemp (world->folder));
    make (world, &world->gateway, "gateway", NODE_GATEWAY);
    make (world, &world->first, "first", NODE_BROKER);
    make (world, &world->second, "second", NODE_BROKER);
    world->settings = settings_new ();
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
    settings_destroy (&world->settings);
    nftw (world->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    test_free (world);
    return 0;
}

//  Files of the folder, separated by blanks.
static void
set (const world_t *world, const char *key, const char *one, const char *other)
{
    char text [300] = "";
    if (*one)
        snprintf (text, sizeof text, "%s/%s%s%s%s%s", world->folder, one, *other ? " " : "",
                  *other ? world->folder : "", *other ? "/" : "", other);
    assert_int_equal (settings_assign (world->settings, "test", key, text, NULL), STATUS_OK);
}

static void
expect_refused (const world_t *world, const char *sentence)
{
    problem_t problem = {0};
    assert_null (keyring_new (world->settings, &problem));
    assert_int_equal (problem.status, STATUS_BAD_SETTING);
    if (!strstr (problem.text, sentence))
        fail_msg ("%s", problem.text);
}

static void
without_keys_there_are_none (void **state)
{
    world_t *world = *state;
    keyring_t *keyring = keyring_new (world->settings, NULL);
    link_keys_t keys;
    assert_null (keyring_own (keyring));
    assert_int_equal (keyring_check (keyring, "gateway/brokers", 3, NULL), STATUS_OK);
    assert_null (keyring_to_broker (keyring, 2, &keys));
    keyring_destroy (&keyring);
}

static void
one_file_is_for_all_brokers_or_each_has_its_own (void **state)
{
    world_t *world = *state;
    link_keys_t keys;
    problem_t problem;
    set (world, "keys/own", "gateway.secret", "");
    set (world, "keys/brokers", "first.public", "");
    keyring_t *keyring = keyring_new (world->settings, NULL);
    assert_int_equal (keyring_check (keyring, "gateway/brokers", 3, NULL), STATUS_OK);
    assert_string_equal (keyring_to_broker (keyring, 2, &keys)->broker, world->first.public_key);
    assert_string_equal (keys.own->secret_key, world->gateway.secret_key);
    keyring_destroy (&keyring);

    set (world, "keys/brokers", "first.public", "second.public");
    keyring = keyring_new (world->settings, NULL);
    assert_int_equal (keyring_check (keyring, "gateway/brokers", 2, NULL), STATUS_OK);
    assert_string_equal (keyring_to_broker (keyring, 1, &keys)->broker, world->second.public_key);
    assert_int_equal (keyring_check (keyring, "gateway/brokers", 3, &problem), STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, "names 2 files and gateway/brokers 3 endpoints"));
    keyring_destroy (&keyring);
}

static void
in_a_brokers_process_its_own_key_is_known (void **state)
{
    world_t *world = *state;
    link_keys_t keys;
    set (world, "keys/own", "first.secret", "");
    keyring_t *keyring = keyring_new (world->settings, NULL);
    assert_int_equal (keyring_check (keyring, "worker/brokers", 1, NULL), STATUS_OK);
    assert_string_equal (keyring_to_broker (keyring, 0, &keys)->broker, world->first.public_key);
    keyring_destroy (&keyring);
}

static void
what_is_missing_is_named (void **state)
{
    world_t *world = *state;
    problem_t problem;
    set (world, "keys/brokers", "first.public", "");
    expect_refused (world, "keys/own is empty, though other keys are given");
    set (world, "keys/own", "gateway.secret", "");
    set (world, "keys/brokers", "gateway.public", "");
    expect_refused (world, "is the key of a gateway; name the .public file of a broker");
    set (world, "keys/brokers", "gateway.secret", "");
    expect_refused (world, "holds a secret, which belongs on its node alone");
    set (world, "keys/own", "gateway.public", "");
    expect_refused (world, "can be read by others");
    set (world, "keys/own", "gateway.secret", "");
    set (world, "keys/brokers", "", "");
    keyring_t *keyring = keyring_new (world->settings, NULL);
    assert_int_equal (keyring_check (keyring, "gateway/brokers", 1, &problem), STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, "keys/brokers is empty: name the .public file"));
    keyring_destroy (&keyring);
}

int
main (void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown (test, make_world, end_world)
    const struct CMUnitTest tests [] = {
        IN_WORLD (without_keys_there_are_none),
        IN_WORLD (one_file_is_for_all_brokers_or_each_has_its_own),
        IN_WORLD (in_a_brokers_process_its_own_key_is_known),
        IN_WORLD (what_is_missing_is_named),
    };
    return cmocka_run_group_tests_name ("keyring", tests, NULL, NULL);
}
