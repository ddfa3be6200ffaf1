#include "daemon/signals.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_signal_that_came_before_the_wait_ends_it (void **state)
{
    (void)state;
    signals_block ();
    kill (getpid (), SIGTERM);
    assert_int_equal (signals_wait (), SIGTERM);
    kill (getpid (), SIGINT);
    assert_int_equal (signals_wait (), SIGINT);
    kill (getpid (), SIGPIPE);  //  ends nothing
}

static void
a_signal_makes_the_descriptor_readable (void **state)
{
    (void)state;
    signals_block ();
    struct pollfd item = {.fd = signals_descriptor (), .events = POLLIN};
    assert_int_equal (poll (&item, 1, 0), 0);
    kill (getpid (), SIGTERM);
    assert_int_equal (poll (&item, 1, 0), 1);
    struct signalfd_siginfo info;
    assert_int_equal (read (item.fd, &info, sizeof info), sizeof info);
    assert_int_equal (info.ssi_signo, SIGTERM);
    assert_int_equal (signals_descriptor (), item.fd);
}

static void
the_supervisor_is_told_over_its_socket (void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    int socket_ = socket (AF_UNIX, SOCK_DGRAM, 0);
    //  Linux chooses a name, in its abstract space, when none is given.
    assert_int_equal (bind (socket_, (struct sockaddr *)&address, sizeof (sa_family_t)), 0);
    getsockname (socket_, (struct sockaddr *)&address, &size);
    size_t name_size = size - offsetof (struct sockaddr_un, sun_path);
    char path [sizeof address.sun_path + 1] = "@";
    memcpy (path + 1, address.sun_path + 1, name_size - 1);

    setenv ("NOTIFY_SOCKET", path, 1);
    notify_supervisor ("READY=1");
    unsetenv ("NOTIFY_SOCKET");
    notify_supervisor ("STOPPING=1");

    char told [40] = "";
    assert_int_equal (recv (socket_, told, sizeof told, MSG_DONTWAIT), 7);
    assert_string_equal (told, "READY=1");
    assert_int_equal (recv (socket_, told, sizeof told, MSG_DONTWAIT), -1);
    close (socket_);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_signal_that_came_before_the_wait_ends_it),
        cmocka_unit_test (a_signal_makes_the_descriptor_readable),
        cmocka_unit_test (the_supervisor_is_told_over_its_socket),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
