#include "daemon/signals.h"

#include <czmq.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/model/assert.h"

static sigset_t
signals_stopping (void)
{
    sigset_t set;
    sigemptyset (&set);
    sigaddset (&set, SIGTERM);
    sigaddset (&set, SIGINT);
    return set;
}

void
signals_block (void)
{
    zsys_handler_set (NULL);  //  czmq's would end our waits with EINTR and hide the signal
    sigset_t set = signals_stopping ();
    pthread_sigmask (SIG_BLOCK, &set, NULL);
    signal (SIGPIPE, SIG_IGN);
}

int
signals_wait (void)
{
    sigset_t set = signals_stopping ();
    int number;
    do
        number = sigwaitinfo (&set, NULL);
    while (number < 0);  //  EINTR, when somebody traces us
    return number;
}

int
signals_descriptor (void)
{
    static int descriptor = -1;
    if (descriptor < 0) {
        sigset_t set = signals_stopping ();
        descriptor = signalfd (-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        ASSERT (descriptor >= 0, "context_new has checked that there are descriptors");
    }
    return descriptor;
}

void
signals_unblock (void)
{
    sigset_t set;
    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    pthread_sigmask (SIG_UNBLOCK, &set, NULL);
}

void
notify_supervisor (const char *state)
{
    const char *path = getenv ("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen (path) < 2 || strlen (path) >= sizeof address.sun_path)
        return;
    strcpy (address.sun_path, path);
    if (*path == '@')
        address.sun_path [0] = 0;  //  Linux' abstract names

    int descriptor = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    socklen_t size = (socklen_t)(offsetof (struct sockaddr_un, sun_path) + strlen (path));
    ssize_t sent =
        sendto (descriptor, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    (void)sent;  //  a supervisor that does not listen will notice by itself
    close (descriptor);
}
