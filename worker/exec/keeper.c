#include "worker/exec/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "worker/exec/descendants.h"
#include "worker/exec/launch.h"
#include "worker/exec/marks.h"

enum {
    LOG_KEPT = 2048,    //  of stderr: the last ones
    PIECE = 4096,       //  read at a time
    SPACING_MS = 1000,  //  between two words on how far it is
    DRAIN_MOST = 4096   //  pieces read after the end, should somebody else have the pipe
};

typedef struct {
    const errand_read_t *errand;
    int run;  //  socket
    int output, log;
    int pidfd;
    pid_t pid;
    char *kept;  //  of the output
    size_t kept_size;
    bool has_poured;
    char tail [2 * LOG_KEPT];  //  of the log
    size_t tail_size;
    marks_t marks;    //  in the log
    int64_t told_ms;  //  when one was handed on
    report_t report;
} keeper_t;

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

//  ---- what it says

static void
keep_output (keeper_t *self, const char *bytes, size_t size)
{
    size_t room = (size_t)self->errand->numbers.output_bytes - self->kept_size;
    self->has_poured |= size > room;
    if (size > room)
        size = room;
    memcpy (self->kept + self->kept_size, bytes, size);
    self->kept_size += size;
}

static void
keep_log (keeper_t *self, const char *bytes, size_t size)
{
    if (size > LOG_KEPT) {
        bytes += size - LOG_KEPT;
        size = LOG_KEPT;
    }
    if (self->tail_size + size > sizeof self->tail) {
        size_t kept = LOG_KEPT;
        memmove (self->tail, self->tail + self->tail_size - kept, kept);
        self->tail_size = kept;
    }
    memcpy (self->tail + self->tail_size, bytes, size);
    self->tail_size += size;
}

//  One piece of either. False: it has ended, or there is nothing now.
static bool
read_piece (keeper_t *self, int *descriptor)
{
    char bytes [PIECE];
    ssize_t size = read (*descriptor, bytes, sizeof bytes);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (size <= 0) {
        close (*descriptor);
        *descriptor = -1;
        return false;
    }
    if (descriptor == &self->output)
        keep_output (self, bytes, (size_t)size);
    else {
        char rest [PIECE + MARK_BYTES];
        keep_log (self, rest, marks_take (&self->marks, bytes, (size_t)size, rest));
    }
    return true;
}

static void
send_all (int socket, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send (socket, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return;  //  the worker is gone
        at += sent;
        size -= (size_t)sent;
    }
}

//  The last word on how far it is, when it may be said.
static void
tell_progress (keeper_t *self)
{
    if (!self->marks.is_untold || now_ms () < self->told_ms + SPACING_MS)
        return;
    size_t size = strlen (self->marks.text);
    report_t word = {
        .end = RUN_PROGRESS, .code = self->marks.percent, .output_size = (uint32_t)size};
    self->marks.is_untold = false;
    self->told_ms = now_ms ();
    send_all (self->run, &word, sizeof word);
    send_all (self->run, self->marks.text, size);
}

//  ---- its life

static void
note_exit (keeper_t *self)
{
    int status = 0;
    if (waitpid (self->pid, &status, 0) != self->pid)
        return;
    bool is_exit = WIFEXITED (status);
    self->report.end = is_exit ? RUN_EXITED : RUN_SIGNALLED;
    self->report.code = is_exit ? WEXITSTATUS (status) : WTERMSIG (status);
}

static int
time_left_ms (int64_t until_ms)
{
    int64_t left = until_ms - now_ms ();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

//  When it looks again, if nothing happens.
static int64_t
next_ms (const keeper_t *self, int64_t until_ms)
{
    int64_t word_ms = self->told_ms + SPACING_MS;
    return self->marks.is_untold && word_ms < until_ms ? word_ms : until_ms;
}

//  Whether it has to be ended, or has ended by itself.
static bool
is_over (keeper_t *self, const struct pollfd *events, int64_t until_ms)
{
    enum { OUTPUT, LOG, RUN, END };
    if (events [OUTPUT].revents)
        read_piece (self, &self->output);
    if (events [LOG].revents)
        read_piece (self, &self->log);
    if (events [END].revents)
        self->report.end = RUN_EXITED;
    else if (self->has_poured)
        self->report.end = RUN_POURED;
    else if (events [RUN].revents)
        self->report.end = RUN_CANCELLED;
    else if (now_ms () >= until_ms)
        self->report.end = RUN_TIMED_OUT;
    else
        return false;
    return true;
}

static void
keep_until_over (keeper_t *self)
{
    int64_t until_ms = now_ms () + self->errand->numbers.timeout_ms;
    for (;;) {
        struct pollfd events [] = {{.fd = self->output, .events = POLLIN},
                                   {.fd = self->log, .events = POLLIN},
                                   {.fd = self->run, .events = POLLIN | POLLRDHUP},
                                   {.fd = self->pidfd, .events = POLLIN}};
        poll (events, sizeof events / sizeof *events, time_left_ms (next_ms (self, until_ms)));
        if (is_over (self, events, until_ms))
            return;
        tell_progress (self);
    }
}

//  It is told that it has to end, and may do so by itself for a while.
static void
ask_to_end (keeper_t *self)
{
    bool is_told = self->report.end == RUN_TIMED_OUT || self->report.end == RUN_CANCELLED;
    int64_t until_ms = now_ms () + self->errand->numbers.grace_ms;
    if (!is_told || self->errand->numbers.grace_ms == 0)
        return;
    kill (-self->pid, SIGTERM);
    bool has_ended = false;
    while (!has_ended && !self->has_poured && now_ms () < until_ms) {
        struct pollfd events [] = {{.fd = self->output, .events = POLLIN},
                                   {.fd = self->log, .events = POLLIN},
                                   {.fd = self->pidfd, .events = POLLIN}};
        poll (events, sizeof events / sizeof *events, time_left_ms (until_ms));
        if (events [0].revents)
            read_piece (self, &self->output);
        if (events [1].revents)
            read_piece (self, &self->log);
        has_ended = events [2].revents;
    }
}

//  What was said before the end and not read yet: the pipes may hold more than a piece.
static void
drain (keeper_t *self)
{
    for (int i = 0; i < DRAIN_MOST && self->output >= 0 && read_piece (self, &self->output); i++)
        continue;
    for (int i = 0; i < DRAIN_MOST && self->log >= 0 && read_piece (self, &self->log); i++)
        continue;
    char rest [MARK_BYTES];
    keep_log (self, rest, marks_end (&self->marks, rest));
    if (self->has_poured)
        self->report.end = RUN_POURED;
}

static bool
keeper_start (keeper_t *self, int event)
{
    int output [2], log [2];
    run_step_t step = STEP_FORK;
    int error = 0;
    if (pipe2 (output, O_CLOEXEC) != 0 || pipe2 (log, O_CLOEXEC) != 0) {
        self->report = (report_t){.end = RUN_NOT_STARTED, .code = errno, .step = STEP_FORK};
        return false;
    }
    //  Ours alone: those of the program are other descriptions.
    fcntl (output [0], F_SETFL, O_NONBLOCK);
    fcntl (log [0], F_SETFL, O_NONBLOCK);
    self->output = output [0];
    self->log = log [0];
    streams_t streams = {event, output [1], log [1]};
    self->pid = launch (self->errand, &streams, &step, &error);
    close (output [1]);
    close (log [1]);
    close (event);
    if (self->pid < 0)
        self->report = (report_t){.end = RUN_NOT_STARTED, .code = error, .step = (int32_t)step};
    else
        self->pidfd = pidfd_open (self->pid, 0);
    return self->pid >= 0;
}

void
keeper_run (const errand_read_t *errand, int event, int run)
{
    keeper_t *self = ALLOCATE (keeper_t);
    self->errand = errand;
    self->run = run;
    self->kept = allocate ((size_t)errand->numbers.output_bytes, 1);
    descendants_adopt ();
    if (keeper_start (self, event)) {
        keep_until_over (self);
        ask_to_end (self);
        kill (-self->pid, SIGKILL);  //  before it is reaped: until then the number is its own
        if (self->report.end == RUN_EXITED)
            note_exit (self);
        descendants_kill (NULL, 0);
        drain (self);
    }
    size_t log = self->tail_size < LOG_KEPT ? self->tail_size : LOG_KEPT;
    self->report.output_size = (uint32_t)self->kept_size;
    self->report.log_size = (uint32_t)log;
    send_all (run, &self->report, sizeof self->report);
    send_all (run, self->kept, self->kept_size);
    send_all (run, self->tail + self->tail_size - log, log);
    free (self->kept);
    free (self);
}
