#include "worker/exec/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "worker/exec/descendants.h"
#include "worker/exec/keeper.h"

enum { DESCRIPTORS = 2, END_MOST_MS = 1000 };

struct helper {
    pid_t pid;
    int socket;  // errands go there
};

//  Room for two descriptors beside a message.
typedef union {
    char bytes [CMSG_SPACE (DESCRIPTORS * sizeof (int))];
    struct cmsghdr aligned;
} control_t;

//  ---- in the helper

typedef struct {
    int errands;  //  socket
    int deaths;   //  signalfd of SIGCHLD
    pid_t *keepers;
    size_t count, room;
    errand_read_t errand;
    char bytes [ERRAND_BYTES];  //  of the errand
} serving_t;

static void
keepers_add (serving_t *self, pid_t keeper)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->keepers = allocate_again (self->keepers, self->room, sizeof *self->keepers);
    }
    self->keepers [self->count++] = keeper;
}

static bool
keepers_remove (serving_t *self, pid_t keeper)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->keepers [i] == keeper) {
            self->keepers [i] = self->keepers [--self->count];
            return true;
        }
    return false;
}

/*  A keeper ends when nothing is left of its run. One that was killed, by a program of its own user
 *  or for want of memory, leaves us what it had.
 */
static void
serve_deaths (serving_t *self)
{
    struct signalfd_siginfo news;
    ssize_t size = read (self->deaths, &news, sizeof news);
    (void)size;  //  only that there was one
    bool leaves_some = false;
    int status;
    pid_t pid;
    while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
        leaves_some |= !keepers_remove (self, pid) || status != 0;
    if (leaves_some)
        descendants_kill (self->keepers, self->count);
}

static void __attribute__ ((noreturn)) serve_as_keeper (serving_t *self, int event, int run)
{
    close (self->errands);
    close (self->deaths);
    sigset_t none;
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    prctl (PR_SET_NAME, "tocsin-keeper");
    keeper_run (&self->errand, event, run);
    _exit (EXIT_SUCCESS);
}

//  The descriptors of a message: both, or none.
static bool
take_descriptors (struct msghdr *message, int descriptors [DESCRIPTORS])
{
    struct cmsghdr *control = CMSG_FIRSTHDR (message);
    if (!control || control->cmsg_type != SCM_RIGHTS ||
        control->cmsg_len != CMSG_LEN (DESCRIPTORS * sizeof (int)))
        return false;
    memcpy (descriptors, CMSG_DATA (control), DESCRIPTORS * sizeof (int));
    return true;
}

static void
serve_run (serving_t *self, size_t size, const int descriptors [DESCRIPTORS])
{
    if (errand_read (&self->errand, self->bytes, size)) {
        pid_t keeper = fork ();
        if (keeper == 0)
            serve_as_keeper (self, descriptors [0], descriptors [1]);
        if (keeper > 0)
            keepers_add (self, keeper);
    }
    //  Without a keeper that ends the run: the worker reads no report from it.
    close (descriptors [0]);
    close (descriptors [1]);
}

//  False: nobody gives orders any more.
static bool
serve_errand (serving_t *self)
{
    control_t control;
    struct iovec piece = {self->bytes, sizeof self->bytes};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg (self->errands, &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR)
        return true;
    if (size <= 0)
        return false;
    int descriptors [DESCRIPTORS];
    if (take_descriptors (&message, descriptors))
        serve_run (self, (size_t)size, descriptors);
    return true;
}

//  Secrets may have come with it. What ps and /proc show of it is empty from now on.
static void
forget_environment (void)
{
    for (char **variable = environ; variable && *variable; variable++)
        explicit_bzero (*variable, strlen (*variable));
    clearenv ();
}

static void
forget_descriptors (int errands)
{
    int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);
    dup2 (nothing, STDIN_FILENO);
    dup2 (nothing, STDOUT_FILENO);
    if (errands != STDERR_FILENO + 1)
        dup3 (errands, STDERR_FILENO + 1, O_CLOEXEC);
    close_range (STDERR_FILENO + 2, ~0U, 0);
}

static void __attribute__ ((noreturn)) serve (int errands)
{
    forget_environment ();
    forget_descriptors (errands);
    prctl (PR_SET_NAME, "tocsin-exec");
    descendants_adopt ();
    //  A terminal's Ctrl-C and a supervisor's SIGTERM are for the worker, who then lets us go.
    signal (SIGINT, SIG_IGN);
    signal (SIGTERM, SIG_IGN);
    signal (SIGHUP, SIG_IGN);
    signal (SIGPIPE, SIG_IGN);
    sigset_t deaths;
    sigemptyset (&deaths);
    sigaddset (&deaths, SIGCHLD);
    sigprocmask (SIG_SETMASK, &deaths, NULL);

    serving_t *self = ALLOCATE (serving_t);
    self->errands = STDERR_FILENO + 1;
    self->deaths = signalfd (-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK);
    bool has_worker = true;
    while (has_worker || self->count > 0) {
        struct pollfd events [] = {{.fd = self->deaths, .events = POLLIN},
                                   {.fd = has_worker ? self->errands : -1, .events = POLLIN}};
        poll (events, 2, -1);
        if (events [0].revents)
            serve_deaths (self);
        if (events [1].revents)
            has_worker = serve_errand (self);
    }
    _exit (EXIT_SUCCESS);
}

//  ---- in the worker

helper_t *
helper_new (void)
{
    int sockets [2];
    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return NULL;
    pid_t pid = fork ();
    if (pid == 0) {
        close (sockets [0]);
        serve (sockets [1]);
    }
    close (sockets [1]);
    if (pid < 0) {
        close (sockets [0]);
        return NULL;
    }
    helper_t *self = ALLOCATE (helper_t);
    self->pid = pid;
    self->socket = sockets [0];
    return self;
}

void
helper_destroy (helper_t **self_p)
{
    helper_t *self = *self_p;
    if (!self)
        return;
    close (self->socket);
    //  It has nothing to do any more; should it have, whoever waits for us need not wait for that.
    for (int i = 0; i < END_MOST_MS && waitpid (self->pid, NULL, WNOHANG) == 0; i++)
        poll (NULL, 0, 1);
    free (self);
    *self_p = NULL;
}

pid_t
helper_pid (const helper_t *self)
{
    return self->pid;
}

bool
helper_send (const helper_t *self, const void *errand, size_t size, int event, int run)
{
    if (size > ERRAND_BYTES)
        return false;
    int descriptors [DESCRIPTORS] = {event, run};
    control_t control = {0};
    struct iovec piece = {(void *)(uintptr_t)errand, size};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR (&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN (sizeof descriptors);
    memcpy (CMSG_DATA (header), descriptors, sizeof descriptors);
    ssize_t sent;
    do
        sent = sendmsg (self->socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}
