#include "gateway/nudge.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int
listen_on (int family, struct sockaddr *address, socklen_t size)
{
    int listener = socket (family, SOCK_STREAM, 0);
    assert_int_equal (bind (listener, address, size), 0);
    assert_int_equal (listen (listener, 4), 0);
    assert_int_equal (getsockname (listener, address, &size), 0);
    return listener;
}

static void
expect_nudges (int listener, const char *host, in_port_t port)
{
    char url [80];
    snprintf (url, sizeof url, "http://%s:%d/demo", host, ntohs (port));
    nudge_t *nudge = nudge_new (url);
    for (int i = 0; i < 3; i++) {
        int connection = accept (listener, NULL, NULL);  //  waits for it
        assert_true (connection >= 0);
        close (connection);
    }
    nudge_destroy (&nudge);
    assert_null (nudge);
    close (listener);
}

static void
it_connects_again_and_again_until_it_is_over (void **state)
{
    (void)state;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int listener = listen_on (AF_INET, (struct sockaddr *)&four, sizeof four);
    expect_nudges (listener, "127.0.0.1", four.sin_port);
}

static void
it_reads_an_address_in_brackets (void **state)
{
    (void)state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    int probe = socket (AF_INET6, SOCK_STREAM, 0);
    if (probe < 0) {  //  a kernel without IPv6: brackets are all the same no name
        nudge_t *nudge = nudge_new ("http://[::1]:1");
        nudge_destroy (&nudge);
        return;
    }
    close (probe);
    int listener = listen_on (AF_INET6, (struct sockaddr *)&any, sizeof any);
    expect_nudges (listener, "[::]", any.sin6_port);
}

static void
where_nobody_listens_or_can_it_does_no_harm (void **state)
{
    (void)state;
    static const char *const urls [] = {"http://127.0.0.1:1", "nonsense"};
    for (size_t i = 0; i < sizeof urls / sizeof urls [0]; i++) {
        nudge_t *nudge = nudge_new (urls [i]);
        nudge_destroy (&nudge);
    }
    nudge_t *none = NULL;
    nudge_destroy (&none);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (it_connects_again_and_again_until_it_is_over),
        cmocka_unit_test (it_reads_an_address_in_brackets),
        cmocka_unit_test (where_nobody_listens_or_can_it_does_no_harm),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
