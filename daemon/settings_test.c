#include "daemon/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/settings_named.h"
#include "daemon/settings_table.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

static char path [] = "/tmp/tocsin-settings-XXXXXX";

static int
make_file (void **state)
{
    (void)state;
    int descriptor = mkstemp (path);
    return descriptor < 0 ? -1 : close (descriptor);
}

static int
remove_file (void **state)
{
    (void)state;
    return unlink (path);
}

static status_t
read_text (settings_t *settings, const char *text, problem_t *problem)
{
    FILE *file = fopen (path, "w");
    fputs (text, file);
    fclose (file);
    return settings_read_file (settings, path, problem);
}

//  What a file, a variable or --set is refused with, after the name of the file.
static void
expect_refused (const char *text, const char *sentence)
{
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    assert_int_equal (read_text (settings, text, &problem), STATUS_BAD_SETTING);
    assert_memory_equal (problem.text, path, strlen (path));
    assert_string_equal (problem.text + strlen (path), sentence);
}

static void
expect_set_refused (const char *key_is_value, const char *sentence)
{
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    assert_int_equal (settings_set (settings, key_is_value, &problem), STATUS_BAD_SETTING);
    assert_string_equal (problem.text, sentence);
}

static void
expect_variable_refused (char *variable, const char *sentence)
{
    OWNED (settings) settings_t *settings = settings_new ();
    char *environment [] = {"PATH=/bin", variable, NULL};
    problem_t problem = {0};
    assert_int_equal (settings_read_environment (settings, environment, &problem),
                      STATUS_BAD_SETTING);
    assert_string_equal (problem.text, sentence);
}

static void
every_key_has_its_default (void **state)
{
    (void)state;
    OWNED (settings) settings_t *settings = settings_new ();
    assert_string_equal (settings_text (settings, "gateway/listen"), "127.0.0.1:8889");
    assert_int_equal (settings_number (settings, "broker/heartbeat_ms"), 1000);
    assert_false (settings_flag (settings, "worker/allow_private_addresses"));
    assert_int_equal (settings_limits (settings)->event_bytes, 1048576);
    assert_int_equal (settings_number (settings, "limits/event_bytes"), 1048576);
}

static void
a_file_sets_what_it_names (void **state)
{
    (void)state;
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    const char *text = "#   ours\n"
                       "gateway\n"
                       "    listen = \"0.0.0.0:80\"  # everywhere\n"
                       "    threads=32\n"
                       "\n"
                       "worker\n"
                       "    brokers = tcp://a:1 tcp://b:2\n"
                       "    allow_private_addresses = 1\n"
                       "limits\n"
                       "    event_bytes = 4096\n"
                       "store\n";
    assert_int_equal (read_text (settings, text, &problem), STATUS_OK);
    assert_string_equal (settings_text (settings, "gateway/listen"), "0.0.0.0:80");
    assert_int_equal (settings_number (settings, "gateway/threads"), 32);
    assert_string_equal (settings_text (settings, "worker/brokers"), "tcp://a:1 tcp://b:2");
    assert_true (settings_flag (settings, "worker/allow_private_addresses"));
    assert_int_equal (settings_limits (settings)->event_bytes, 4096);
    assert_string_equal (settings_text (settings, "broker/name"), "broker-1");
}

static void
the_environment_is_stronger_than_the_file_and_set_than_both (void **state)
{
    (void)state;
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    char *environment [] = {"HOME=/",
                            "TOCSIN_GATEWAY_LISTEN=b:2",
                            "TOCSIN_BROKER_NAME=b",
                            "TOCSIN_BROKER_ADMIN_TOKEN_FILE=/t",
                            "TOCSIN_LIMITS_JSON_DEPTH=7",
                            "TOCSIN_URL=http://x",
                            NULL};
    const char *text = "gateway\n    listen = a:1\nbroker\n    name = a\n";
    assert_int_equal (read_text (settings, text, &problem), STATUS_OK);
    assert_int_equal (settings_read_environment (settings, environment, &problem), STATUS_OK);
    assert_int_equal (settings_set (settings, "broker/name=c=d", &problem), STATUS_OK);

    assert_string_equal (settings_text (settings, "gateway/listen"), "b:2");
    assert_string_equal (settings_text (settings, "broker/name"), "c=d");
    assert_string_equal (settings_text (settings, "broker/admin_token_file"), "/t");
    assert_int_equal (settings_limits (settings)->json_depth, 7);
}

static void
an_unknown_key_is_refused_with_the_nearest (void **state)
{
    (void)state;
    expect_refused ("gateway\n    listn = a:1\n",
                    ": there is no setting gateway/listn; did you mean gateway/listen?");
    expect_refused ("gatewya\n    listen = a:1\n",
                    ": there is no setting gatewya/listen; did you mean gateway/listen?");
    expect_refused ("colour = red\n",
                    ": there is no setting colour; --sample lists those there are");
    expect_refused ("limits\n    event_byte = 3\n",
                    ": there is no setting limits/event_byte; did you mean limits/event_bytes?");
    expect_set_refused ("broker/nam=x",
                        "--set: there is no setting broker/nam; did you mean broker/name?");
    expect_set_refused ("broker/name", "--set: \"broker/name\" has no `=`; write --set "
                                       "gateway/listen=127.0.0.1:8889");
    expect_variable_refused ("TOCSIN_GATEWAY_LISTN=a",
                             "environment: there is no setting TOCSIN_GATEWAY_LISTN; did you mean "
                             "TOCSIN_GATEWAY_LISTEN?");
    expect_variable_refused ("TOCSIN_COLOUR=red",
                             "environment: TOCSIN_COLOUR is no setting; unset it, or see --sample");
}

static void
a_value_that_cannot_be_is_refused_with_what_can (void **state)
{
    (void)state;
    expect_refused ("gateway\n    threads = many\n",
                    ": gateway/threads is \"many\"; write a whole number from 1 to 4096");
    expect_refused ("gateway\n    threads = 12x\n",
                    ": gateway/threads is \"12x\"; write a whole number from 1 to 4096");
    expect_refused ("gateway\n    threads =\n",
                    ": gateway/threads is \"\"; write a whole number from 1 to 4096");
    expect_refused ("gateway\n    threads = 0\n",
                    ": gateway/threads is 0; it must be from 1 to 4096");
    expect_refused ("gateway\n    threads = 99999999999999999999\n",
                    ": gateway/threads is 99999999999999999999; it must be from 1 to 4096");
    expect_refused ("worker\n    allow_private_addresses = yes\n",
                    ": worker/allow_private_addresses is \"yes\"; write 0 for no or 1 for yes");
    expect_refused ("broker\n    name = \"\"\n",
                    ": broker/name is empty; it is its name in logs and in /v1/brokers");
    expect_set_refused ("limits/id_bytes=65",
                        "--set: limits/id_bytes is 65; it must be from 1 to 64");
    expect_variable_refused ("TOCSIN_STORE_PARTITIONS=-1",
                             "TOCSIN_STORE_PARTITIONS: store/partitions is -1; it must be from 1 "
                             "to 256");
}

static void
a_line_that_is_no_zpl_is_refused_with_its_number (void **state)
{
    (void)state;
    expect_refused ("gateway\n\tlisten = x\n", ", line 2: there is a tab; indent with four spaces");
    expect_refused ("gateway\n  listen = x\n",
                    ", line 2: the line is not indented by four spaces for each section it is in");
    expect_refused ("gateway\n        listen = x\n",
                    ", line 2: the line is not indented by four spaces for each section it is in");
    expect_refused ("\n    listen = x\n",
                    ", line 2: the line is not indented by four spaces for each section it is in");
    expect_refused ("gateway\n    listen: x\n",
                    ", line 2: after the name comes `= value`, or nothing");
    expect_refused ("# one\n# two\ngateway\n    listen = \"x\n",
                    ", line 4: the quotes are not closed");
    expect_refused ("gateway\n    listen = \"x\" y\n",
                    ", line 2: there is something after the quotes; a comment starts with #");
    expect_refused ("= x\n", ", line 1: a name is missing; write a section, or `name = value`");
}

static void
a_key_given_twice_or_with_lines_under_it_is_refused (void **state)
{
    (void)state;
    expect_refused ("broker\n    name = a\nbroker\n    name = b\n",
                    ": broker/name is given twice; keep one");
    expect_refused ("broker\n    name = a\n        more = b\n",
                    ": broker/name has a value, and lines indented under it; it can have one");
}

static void
a_file_that_cannot_be_read_is_named (void **state)
{
    (void)state;
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    assert_int_equal (settings_read_file (settings, "/no/such/file", &problem), STATUS_SYSTEM);
    assert_string_equal (problem.text, "/no/such/file: No such file or directory");
    assert_int_equal (settings_read_file (settings, "/tmp", &problem), STATUS_SYSTEM);
    assert_string_equal (problem.text, "/tmp: Is a directory");
}

static void
any_bytes_are_a_file_or_a_problem (void **state)
{
    (void)state;
    uint32_t random = 1;
    char text [200] = {0};
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)(i % (int)(sizeof text - 1));
        for (size_t j = 0; j < size; j++) {
            random = random * 1664525 + 1013904223;
            text [j] = "a= \n\"#'\t/\x80 \n " [(random >> 16) % 14];
        }
        text [size] = 0;
        OWNED (settings) settings_t *settings = settings_new ();
        problem_t problem = {0};
        if (read_text (settings, text, &problem) != STATUS_OK)
            assert_memory_equal (problem.text, path, strlen (path));
    }
}

static char *
sample (void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream (&text, &size);
    settings_write_sample (file);
    fclose (file);
    return text;
}

/*  The sample, with every comment sign before a value taken away, sets everything to its default. */
static void
the_sample_says_every_default (void **state)
{
    (void)state;
    OWNED (text) char *text = sample ();
    size_t shown = 0;
    for (char *line = text; (line = strstr (line, "\n    # ")); line += 7)
        if (line [7] != ' ') {
            memmove (line + 5, line + 7, strlen (line + 7) + 1);
            shown++;
        }
    for (const char *line = text; (line = strstr (line, "\n    #         ")); line += 15)
        shown += line [15] != '#';                 //  those with a name, which stay as they are
    assert_int_equal (shown, settings_count + 1);  //  and the section `exec`

    OWNED (settings) settings_t *settings = settings_new ();
    for (size_t i = 0; i < settings_count; i++)
        if (settings_table [i].type == SETTING_NUMBER && !named_is_row (settings_table [i].key))
            assert_int_equal (settings_number (settings, settings_table [i].key),
                              atoll (settings_table [i].standard));
    problem_t problem = {0};
    assert_int_equal (read_text (settings, text, &problem), STATUS_OK);
}

/*  packaging/tocsin.conf is what --sample prints: build/bin/tocsin-broker --sample > it. */
static void
the_packaged_sample_is_the_one_printed (void **state)
{
    (void)state;
    OWNED (text) char *text = sample ();
    char packaged [65536] = "";
    FILE *file = fopen (PACKAGED_SAMPLE, "r");
    assert_non_null (file);
    size_t size = fread (packaged, 1, sizeof packaged - 1, file);
    fclose (file);
    assert_string_equal (packaged, text);
    assert_int_equal (size, strlen (text));
}

static void
a_key_may_have_a_name_of_the_users (void **state)
{
    (void)state;
    OWNED (settings) settings_t *settings = settings_new ();
    problem_t problem = {0};
    char name [SETTINGS_NAME_SIZE];
    assert_null (settings_name (settings, "worker/exec", 0, name));
    const char *text = "worker\n"
                       "    exec\n"
                       "        build\n"
                       "            command = \"/usr/bin/make -s\"\n"
                       "            timeout_ms = 600000\n"
                       "        check\n";
    assert_int_equal (read_text (settings, text, &problem), STATUS_OK);
    assert_int_equal (settings_set (settings, "worker/exec/to-b/command=/bin/b", &problem),
                      STATUS_OK);
    assert_string_equal (settings_name (settings, "worker/exec", 0, name), "build");
    assert_string_equal (settings_name (settings, "worker/exec", 1, name), "to-b");
    assert_null (settings_name (settings, "worker/exec", 2, name));
    expect_refused (
        "worker\n    exec\n        a\n            command = /a\n            command = /b\n",
        ": worker/exec/a/command is given twice; keep one");
    assert_string_equal (settings_named_text (settings, "worker/exec/*/command", "build"),
                         "/usr/bin/make -s");
    assert_int_equal (settings_named_number (settings, "worker/exec/*/timeout_ms", "build"),
                      600000);
    assert_int_equal (settings_named_number (settings, "worker/exec/*/timeout_ms", "to-b"), 60000);
}

static void
a_name_of_the_users_is_held_to_its_letters_and_its_keys (void **state)
{
    (void)state;
    expect_set_refused ("worker/exec/a.b/command=/bin/a",
                        "--set: there is no setting worker/exec/a.b/command; did you mean "
                        "worker/exec/*/command?");
    expect_set_refused (
        "worker/exec/a/timeout_ms=soon",
        "--set: worker/exec/*/timeout_ms is \"soon\"; write a whole number from 1 to "
        "604800000");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_key_has_its_default),
        cmocka_unit_test (a_file_sets_what_it_names),
        cmocka_unit_test (the_environment_is_stronger_than_the_file_and_set_than_both),
        cmocka_unit_test (an_unknown_key_is_refused_with_the_nearest),
        cmocka_unit_test (a_value_that_cannot_be_is_refused_with_what_can),
        cmocka_unit_test (a_key_may_have_a_name_of_the_users),
        cmocka_unit_test (a_name_of_the_users_is_held_to_its_letters_and_its_keys),
        cmocka_unit_test (a_line_that_is_no_zpl_is_refused_with_its_number),
        cmocka_unit_test (a_key_given_twice_or_with_lines_under_it_is_refused),
        cmocka_unit_test (a_file_that_cannot_be_read_is_named),
        cmocka_unit_test (any_bytes_are_a_file_or_a_problem),
        cmocka_unit_test (the_sample_says_every_default),
        cmocka_unit_test (the_packaged_sample_is_the_one_printed),
    };
    return cmocka_run_group_tests (tests, make_file, remove_file);
}
