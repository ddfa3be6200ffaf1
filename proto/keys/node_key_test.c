#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/keys/node_key.h"

static char folder [64];

static const char *
in_folder (const char *name)
{
    static char path [128];
    snprintf (path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void
write_text (const char *name, const char *text)
{
    FILE *file = fopen (in_folder (name), "w");
    assert_non_null (file);
    fputs (text, file);
    fclose (file);
    assert_int_equal (chmod (in_folder (name), 0600), 0);
}

static int
make_folder (void **state)
{
    (void)state;
    snprintf (folder, sizeof folder, "/tmp/tocsin-keys-XXXXXX");
    return mkdtemp (folder) ? 0 : -1;
}

static int
remove_entry (const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove (path);
}

static int
remove_folder (void **state)
{
    (void)state;
    return nftw (folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
what_is_written_is_read (void **state)
{
    (void)state;
    node_key_t key, secret, public;
    problem_t problem;
    assert_int_equal (node_key_make ("gw-1.eu", NODE_GATEWAY, &key, &problem), STATUS_OK);
    assert_int_equal (node_key_write (&key, folder, &problem), STATUS_OK);
    assert_int_equal (node_key_read_secret (in_folder ("gw-1.eu.secret"), &secret, &problem),
                      STATUS_OK);
    assert_int_equal (node_key_read_public (in_folder ("gw-1.eu.public"), &public, &problem),
                      STATUS_OK);
    assert_string_equal (secret.name, "gw-1.eu");
    assert_int_equal (secret.role, NODE_GATEWAY);
    assert_string_equal (secret.public_key, key.public_key);
    assert_string_equal (secret.secret_key, key.secret_key);
    assert_string_equal (public.public_key, key.public_key);
    assert_string_equal (public.secret_key, "");
}

static void
a_secret_is_for_its_user_alone (void **state)
{
    (void)state;
    node_key_t key;
    problem_t problem;
    struct stat info;
    node_key_make ("w", NODE_WORKER, &key, &problem);
    assert_int_equal (node_key_write (&key, folder, &problem), STATUS_OK);
    assert_int_equal (stat (in_folder ("w.secret"), &info), 0);
    assert_int_equal (info.st_mode & 0777, 0600);
    chmod (in_folder ("w.secret"), 0640);
    assert_int_equal (node_key_read_secret (in_folder ("w.secret"), &key, &problem),
                      STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, "can be read by others, and it is a secret: chmod 600"));
}

static void
a_key_is_never_overwritten (void **state)
{
    (void)state;
    node_key_t key, other;
    problem_t problem;
    node_key_make ("w", NODE_WORKER, &key, &problem);
    node_key_make ("w", NODE_WORKER, &other, &problem);
    assert_int_equal (node_key_write (&key, folder, &problem), STATUS_OK);
    assert_int_equal (node_key_write (&other, folder, &problem), STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "w.secret is there already"));
    remove (in_folder ("w.secret"));
    assert_int_equal (node_key_write (&other, folder, &problem), STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "w.public is there already"));
    assert_int_equal (access (in_folder ("w.secret"), F_OK), -1);
}

static void
a_name_is_a_file_name (void **state)
{
    (void)state;
    static const char *const wrong [] = {
        "",    ".",   "..", ".w",
        "a/b", "a b", "ü",  "01234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        node_key_t key;
        problem_t problem;
        assert_int_equal (node_key_make (wrong [i], NODE_WORKER, &key, &problem),
                          STATUS_BAD_PARAMETER);
        assert_non_null (strstr (problem.text, "is no name for a node"));
    }
}

#define PUBLIC "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static void
what_is_no_key_is_told_what_one_is (void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } files [] = {
        {"", "is no file of keys"},
        {"name = \"w\"\nrole = \"worker\"\n", "is no file of keys"},
        {"name = \"w\"\nrole = \"king\"\npublic-key = \"" PUBLIC "\"\n", "is no file of keys"},
        {"name = \"../w\"\nrole = \"worker\"\npublic-key = \"" PUBLIC "\"\n", "is no file of keys"},
        {"name = \"w\"\nrole = \"worker\"\npublic-key = \"short\"\n", "is no file of keys"},
        {"name = \"w\"\nrole = \"worker\"\npublic-key = \"" PUBLIC "\"\n", "has no secret-key"},
        {"name = \"w\"\nrole = \"worker\"\npublic-key = \"" SECRET "\"\nsecret-key = \"" SECRET
         "\"\n",
         "its two keys do not belong together"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        node_key_t key;
        problem_t problem = {0};
        write_text ("x.secret", files [i].text);
        assert_int_equal (node_key_read_secret (in_folder ("x.secret"), &key, &problem),
                          STATUS_BAD_SETTING);
        if (!strstr (problem.text, files [i].sentence))
            fail_msg ("%s: %s", files [i].text, problem.text);
    }
}

static void
a_secret_among_public_files_is_told_to_be_one (void **state)
{
    (void)state;
    node_key_t key;
    problem_t problem;
    write_text ("x.public", "name = \"w\"\nrole = \"worker\"\npublic-key = \"" PUBLIC
                            "\"\nsecret-key = \"" SECRET "\"\n");
    assert_int_equal (node_key_read_public (in_folder ("x.public"), &key, &problem),
                      STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, "holds a secret"));
}

static void
what_a_newer_version_adds_is_passed_over (void **state)
{
    (void)state;
    node_key_t key;
    problem_t problem;
    write_text ("x.public", "# a comment\r\nsince = \"2026\"\r\nname =\"w\"\r\nrole= \"client\"\r\n"
                            "public-key = \"" PUBLIC "\"  # and one more\r\n");
    assert_int_equal (node_key_read_public (in_folder ("x.public"), &key, &problem), STATUS_OK);
    assert_int_equal (key.role, NODE_CLIENT);
    assert_string_equal (key.public_key, PUBLIC);
}

static void
a_role_opens_its_own_doors (void **state)
{
    (void)state;
    assert_true (node_role_opens (NODE_GATEWAY, DOOR_FRONT));
    assert_false (node_role_opens (NODE_GATEWAY, DOOR_BACK));
    assert_true (node_role_opens (NODE_WORKER, DOOR_BACK));
    assert_false (node_role_opens (NODE_WORKER, DOOR_FRONT));
    assert_true (node_role_opens (NODE_CLIENT, DOOR_FRONT));
    assert_false (node_role_opens (NODE_CLIENT, DOOR_BACK));
    for (door_t door = DOOR_FRONT; door < DOORS; door++) {
        door_t found = DOORS;
        assert_true (node_role_opens (NODE_BROKER, door));
        assert_true (door_from_word (door_word (door), strlen (door_word (door)), &found));
        assert_int_equal (found, door);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (what_is_written_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown (a_secret_is_for_its_user_alone, make_folder,
                                         remove_folder),
        cmocka_unit_test_setup_teardown (a_key_is_never_overwritten, make_folder, remove_folder),
        cmocka_unit_test (a_name_is_a_file_name),
        cmocka_unit_test_setup_teardown (what_is_no_key_is_told_what_one_is, make_folder,
                                         remove_folder),
        cmocka_unit_test_setup_teardown (a_secret_among_public_files_is_told_to_be_one, make_folder,
                                         remove_folder),
        cmocka_unit_test_setup_teardown (what_a_newer_version_adds_is_passed_over, make_folder,
                                         remove_folder),
        cmocka_unit_test (a_role_opens_its_own_doors),
    };
    return cmocka_run_group_tests_name ("node_key", tests, NULL, NULL);
}
