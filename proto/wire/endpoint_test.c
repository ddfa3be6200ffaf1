#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire/endpoint.h"

//  Who may be any port; who may not; and who speaks with keys.
static const endpoint_rights_t server = {.is_server = true}, client = {.is_server = false},
                               keyed_server = {.is_server = true, .has_keys = true},
                               keyed_client = {.has_keys = true};

static void
expect_address_of (const char *text, endpoint_rights_t rights, const char *address)
{
    endpoint_t endpoint = {0};
    problem_t problem = {0};
    if (endpoint_resolve (text, rights, &endpoint, &problem))
        fail_msg ("%s: %s", text, problem.text);
    assert_string_equal (endpoint.address, address);
}

static void
expect_address (const char *text, const char *address)
{
    endpoint_t endpoint = {0};
    problem_t problem = {0};
    expect_address_of (text, server, address);
    assert_int_equal (endpoint_resolve (text, server, &endpoint, &problem), STATUS_OK);
    assert_int_equal (endpoint.is_ipv6, strchr (address, '[') != NULL);
    assert_int_equal (endpoint.is_inproc, strncmp (address, "inproc:", 7) == 0);
}

static void
expect_refused (const char *text, endpoint_rights_t rights, const char *sentence)
{
    endpoint_t endpoint = {0};
    problem_t problem = {0};
    assert_int_equal (endpoint_resolve (text, rights, &endpoint, &problem), STATUS_BAD_SETTING);
    assert_string_equal (problem.text, sentence);
    assert_string_equal (endpoint.address, "");
}

static void
this_machine_may_be_spoken_with (void **state)
{
    (void)state;
    expect_address ("tcp://127.0.0.1:7101", "tcp://127.0.0.1:7101");
    expect_address ("tcp://127.1.2.3:7101", "tcp://127.1.2.3:7101");
    expect_address ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    expect_address ("tcp://[::1]:7101", "tcp://[::1]:7101");
    expect_address ("tcp://[127.0.0.1]:1", "tcp://127.0.0.1:1");
    expect_address ("ipc:///tmp/x", "ipc:///tmp/x");
    expect_address ("inproc://front", "inproc://front");
}

static void
a_name_becomes_an_address_and_ipv4_comes_first (void **state)
{
    (void)state;
    expect_address ("tcp://localhost:65535", "tcp://127.0.0.1:65535");
}

static void
another_host_needs_keys (void **state)
{
    (void)state;
    static const char *const others [] = {"tcp://192.0.2.1:7101", "tcp://0.0.0.0:7101",
                                          "tcp://[2001:db8::1]:7101", "tcp://[::]:7101",
                                          "tcp://[::ffff:192.0.2.1]:7101"};
    for (size_t i = 0; i < sizeof (others) / sizeof *others; i++) {
        endpoint_t endpoint;
        problem_t problem;
        assert_int_equal (endpoint_resolve (others [i], client, &endpoint, &problem),
                          STATUS_BAD_SETTING);
        assert_non_null (
            strstr (problem.text,
                    "without keys only this machine is spoken with: make some (`tocsin keygen`"));
        assert_non_null (strstr (problem.text, others [i]));
    }
    expect_refused ("tcp://*:7101", server,
                    "tcp://*:7101 is open to every host, and without keys only this machine is "
                    "spoken with: make some (`tocsin keygen`, docs/keys.md), or write 127.0.0.1, "
                    "::1 or ipc://PATH");
}

static void
with_keys_it_may_be_any_host (void **state)
{
    (void)state;
    expect_address_of ("tcp://192.0.2.1:7101", keyed_client, "tcp://192.0.2.1:7101");
    expect_address_of ("tcp://[2001:db8::1]:7101", keyed_client, "tcp://[2001:db8::1]:7101");
    expect_address_of ("tcp://*:7101", keyed_server, "tcp://*:7101");
    expect_address_of ("tcp://0.0.0.0:*", keyed_server, "tcp://0.0.0.0:*");
    expect_refused ("tcp://*:7101", keyed_client,
                    "tcp://*:7101 names no host to connect to: write tcp://HOST:PORT");
}

static void
what_is_no_endpoint_is_told_what_one_is (void **state)
{
    (void)state;
    static const char *const broken [] = {
        "tcp://127.0.0.1",       "tcp://127.0.0.1:",    "tcp://:7101",        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536", "tcp://127.0.0.1:12x", "tcp://127.0.0.1:*",  "tcp://::1:7101",
        "tcp://127.0.0.1:-1",    "tcp://[]:1",          "tcp://127.0.0.1:+1",
    };
    for (size_t i = 0; i < sizeof (broken) / sizeof *broken; i++) {
        endpoint_t endpoint;
        problem_t problem;
        assert_int_equal (endpoint_resolve (broken [i], client, &endpoint, &problem),
                          STATUS_BAD_SETTING);
        assert_non_null (strstr (problem.text, "is no endpoint: write tcp://HOST:PORT"));
    }
    expect_refused (
        "127.0.0.1:7101", client,
        "127.0.0.1:7101 is no endpoint: write tcp://HOST:PORT, ipc://PATH or inproc://NAME");
    expect_refused ("udp://127.0.0.1:7101", client,
                    "udp://127.0.0.1:7101 is no endpoint: write tcp://HOST:PORT, ipc://PATH or "
                    "inproc://NAME");
    expect_refused ("ipc://", client, "ipc:// has no name after the slashes");
    expect_refused ("", client,
                    " is no endpoint: write tcp://HOST:PORT, ipc://PATH or inproc://NAME");
}

static void
an_endpoint_has_a_length (void **state)
{
    (void)state;
    char text [ENDPOINT_SIZE + 1] = "ipc://";
    endpoint_t endpoint;
    problem_t problem;
    memset (text + 6, 'x', ENDPOINT_SIZE - 6 - 1);
    assert_int_equal (endpoint_resolve (text, client, &endpoint, &problem), STATUS_OK);
    text [ENDPOINT_SIZE - 1] = 'x';
    assert_int_equal (endpoint_resolve (text, client, &endpoint, &problem), STATUS_BAD_SETTING);
    assert_non_null (strstr (problem.text, "too long for an endpoint: at most 255 bytes"));
}

static void
a_name_that_is_unknown_is_the_systems_answer (void **state)
{
    (void)state;
    endpoint_t endpoint;
    problem_t problem;
    assert_int_equal (
        endpoint_resolve ("tcp://no such host.invalid:7101", client, &endpoint, &problem),
        STATUS_SYSTEM);
    assert_non_null (strstr (problem.text, "the name no such host.invalid cannot be resolved"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (this_machine_may_be_spoken_with),
        cmocka_unit_test (a_name_becomes_an_address_and_ipv4_comes_first),
        cmocka_unit_test (another_host_needs_keys),
        cmocka_unit_test (with_keys_it_may_be_any_host),
        cmocka_unit_test (what_is_no_endpoint_is_told_what_one_is),
        cmocka_unit_test (an_endpoint_has_a_length),
        cmocka_unit_test (a_name_that_is_unknown_is_the_systems_answer),
    };
    return cmocka_run_group_tests_name ("endpoint", tests, NULL, NULL);
}
