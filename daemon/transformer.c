#include "daemon/transformer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/utf8.h"

enum { ANSWER_MOST = 67108864, WORDS_SHOWN = 200 };

struct transformer {
    pid_t pid;
    int socket;
    char *question;  //  ours; head, program and input
    size_t question_size, asked;
    transform_answer_t head;  //  of the answer
    size_t got;               //  of head and bytes
    char *bytes;              //  ours, of the answer, a zero behind them
    bool has_ended;
};

//  ---- the process

//  Beside this program, or, for one that was built and not installed, in bin beside its folder.
static bool
find_program (char path [PATH_MAX])
{
    static const char *const places [] = {"tocsin-jq", "../bin/tocsin-jq"};
    char here [PATH_MAX];
    ssize_t size = readlink ("/proc/self/exe", here, sizeof here - 1);
    if (size <= 0)
        return false;
    here [size] = '\0';
    *(strrchr (here, '/') + 1) = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int length = snprintf (path, PATH_MAX, "%s%s", here, places [i]);
        if (length < PATH_MAX && access (path, X_OK) == 0)
            return true;
    }
    return false;
}

static int
spawn (pid_t *pid, const char *path, int socket)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset (&all);
    sigemptyset (&none);
    posix_spawn_file_actions_init (&actions);
    posix_spawn_file_actions_adddup2 (&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addopen (&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addclosefrom_np (&actions, STDERR_FILENO + 1);
    posix_spawnattr_init (&attributes);
    posix_spawnattr_setflags (&attributes,
                              POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    posix_spawnattr_setsigdefault (&attributes, &all);
    posix_spawnattr_setsigmask (&attributes, &none);
    char name [] = "tocsin-jq";
    char *const arguments [] = {name, NULL}, *const environment [] = {NULL};
    int failed = posix_spawn (pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy (&attributes);
    posix_spawn_file_actions_destroy (&actions);
    return failed;
}

transformer_t *
transformer_new (problem_t *problem)
{
    char path [PATH_MAX];
    int sockets [2];
    pid_t pid = 0;
    if (!find_program (path)) {
        problem_set (problem, STATUS_SYSTEM, "transform: tocsin-jq is not beside this program");
        return NULL;
    }
    int failed = socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) ? errno : 0;
    if (!failed) {
        failed = spawn (&pid, path, sockets [1]);
        close (sockets [1]);
        if (failed)
            close (sockets [0]);
    }
    if (failed) {
        problem_set (problem, STATUS_SYSTEM, "transform: tocsin-jq could not be started: %s",
                     strerrordesc_np (failed));
        return NULL;
    }
    transformer_t *self = ALLOCATE (transformer_t);
    self->pid = pid;
    self->socket = sockets [0];
    return self;
}

void
transformer_destroy (transformer_t **self_p)
{
    transformer_t *self = *self_p;
    if (!self)
        return;
    close (self->socket);
    if (self->pid > 0) {
        kill (self->pid, SIGKILL);
        waitpid (self->pid, NULL, 0);
    }
    free (self->question);
    free (self->bytes);
    free (self);
    *self_p = NULL;
}

int
transformer_descriptor (const transformer_t *self)
{
    return self->socket;
}

//  ---- a question and its answer

void
transformer_ask (transformer_t *self, const char *program, const char *input, size_t input_size,
                 size_t output_most, int cpu_ms)
{
    transform_request_t request = {.program_size = (uint32_t)strlen (program),
                                   .input_size = (uint32_t)input_size,
                                   .output_most = (uint32_t)output_most,
                                   .cpu_ms = (uint32_t)cpu_ms,
                                   .only_compiles = !input};
    ASSERT (request.program_size <= TRANSFORM_PROGRAM_BYTES, "its form has seen to that");
    ASSERT (input_size <= TRANSFORM_INPUT_BYTES, "events have a limit");
    free (self->question);
    self->question_size = sizeof request + request.program_size + input_size;
    self->question = allocate (self->question_size, 1);
    memcpy (self->question, &request, sizeof request);
    memcpy (self->question + sizeof request, program, request.program_size);
    if (input_size > 0)
        memcpy (self->question + sizeof request + request.program_size, input, input_size);
    self->asked = self->got = 0;
    free (self->bytes);
    self->bytes = NULL;
}

//  False: it will not go on.
static bool
write_some (transformer_t *self)
{
    while (self->asked < self->question_size) {
        ssize_t put = send (self->socket, self->question + self->asked,
                            self->question_size - self->asked, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 && errno == EAGAIN;
        self->asked += (size_t)put;
    }
    return true;
}

static bool
is_answered (const transformer_t *self)
{
    return self->bytes && self->got == sizeof self->head + self->head.size;
}

//  One read; what it gave, or 0 when it will not go on, or -1 when it would wait.
static ssize_t
read_some (transformer_t *self)
{
    bool is_head = self->got < sizeof self->head;
    char *into =
        is_head ? (char *)&self->head + self->got : self->bytes + (self->got - sizeof self->head);
    size_t size =
        is_head ? sizeof self->head - self->got : sizeof self->head + self->head.size - self->got;
    ssize_t got = recv (self->socket, into, size, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    self->got += (size_t)got;
    if (self->got == sizeof self->head && !self->bytes) {
        if (self->head.size > ANSWER_MOST)
            return 0;
        self->bytes = allocate (self->head.size + 1, 1);
    }
    return got;
}

transformer_state_t
transformer_go_on (transformer_t *self)
{
    self->has_ended |= !write_some (self);
    while (!self->has_ended && !is_answered (self)) {
        ssize_t got = read_some (self);
        self->has_ended |= got == 0;
        if (got < 0)
            return self->asked < self->question_size ? TRANSFORMER_WANTS_WRITE
                                                     : TRANSFORMER_WANTS_READ;
    }
    return is_answered (self) ? TRANSFORMER_ANSWERED : TRANSFORMER_ENDED;
}

bool
transformer_wait (transformer_t *self, int timeout_ms)
{
    int64_t until_ms = monotonic_ms () + timeout_ms;
    for (;;) {
        transformer_state_t state = transformer_go_on (self);
        int64_t left_ms = until_ms - monotonic_ms ();
        if (state == TRANSFORMER_ANSWERED || state == TRANSFORMER_ENDED || left_ms <= 0)
            return state == TRANSFORMER_ANSWERED;
        short events = state == TRANSFORMER_WANTS_WRITE ? POLLIN | POLLOUT : POLLIN;
        poll (&(struct pollfd){.fd = self->socket, .events = events}, 1, (int)left_ms);
    }
}

//  What jq says, in one line: blanks for what belongs into none.
static void
show_words (const transformer_t *self, char words [WORDS_SHOWN])
{
    size_t size = self->head.size < WORDS_SHOWN ? self->head.size : WORDS_SHOWN - 1;
    size_t at = 0;
    while (at < size) {
        size_t length = utf8_character (self->bytes + at, size - at);
        if (length == 0)
            break;
        if (utf8_is_control (self->bytes + at, length))
            memset (words + at, ' ', length);
        else
            memcpy (words + at, self->bytes + at, length);
        at += length;
    }
    while (at > 0 && words [at - 1] == ' ')
        at--;
    words [at] = '\0';
}

status_t
transformer_value (const transformer_t *self, const char **value, size_t *size, problem_t *problem)
{
    ASSERT (is_answered (self), "who asks has waited for the answer");
    char words [WORDS_SHOWN];
    show_words (self, words);
    switch ((transform_verdict_t)self->head.verdict) {
        case TRANSFORM_VALUE:
            *value = self->bytes;
            *size = self->head.size;
            return STATUS_OK;
        case TRANSFORM_NOTHING: *value = NULL; return STATUS_OK;
        case TRANSFORM_MANY:
            return problem_at (problem, STATUS_BAD_EVENT, "transform.jq",
                               "transform.jq: it gives more than one value: put [ ] around it");
        case TRANSFORM_FAILED:
            return problem_at (problem, STATUS_BAD_EVENT, "transform.jq", "transform.jq: %s",
                               words);
        case TRANSFORM_NO_PROGRAM:
            return problem_at (problem, STATUS_BAD_SUBSCRIPTION, "transform.jq", "transform.jq: %s",
                               words);
        case TRANSFORM_NO_INPUT:
            return problem_at (problem, STATUS_BAD_EVENT, "transform.jq",
                               "transform.jq: the event cannot be read: %s", words);
        case TRANSFORM_LARGE:
            return problem_at (problem, STATUS_TOO_LARGE, "transform.jq",
                               "transform.jq: what it gives is too large");
    }
    return problem_set (problem, STATUS_SYSTEM, "transform: tocsin-jq is of another version");
}

//  What a program can make of its process, and nobody else does.
static bool
is_crash (int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGABRT || number == SIGFPE ||
           number == SIGILL;
}

status_t
transformer_explain (transformer_t *self, problem_t *problem)
{
    static const char name [] = "transform.jq";
    int status = 0;
    bool has_ended = self->has_ended && waitpid (self->pid, &status, 0) == self->pid;
    int number = has_ended && WIFSIGNALED (status) ? WTERMSIG (status) : 0;
    if (has_ended)
        self->pid = 0;
    if (!has_ended || number == SIGPROF)
        return problem_at (problem, STATUS_BAD_EVENT, name,
                           "transform.jq: it was stopped: it took too long");
    if (is_crash (number))
        return problem_at (problem, STATUS_BAD_EVENT, name,
                           "transform.jq: it crashed, as a value nested too deep makes it");
    if (number > 0)
        return problem_set (problem, STATUS_SYSTEM, "transform: tocsin-jq was killed by signal %d",
                            number);
    if (WEXITSTATUS (status) == TRANSFORM_NO_MEMORY)
        return problem_at (problem, STATUS_BAD_EVENT, name,
                           "transform.jq: it was stopped: it wanted more than %d MiB of memory",
                           TRANSFORM_MEMORY_BYTES >> 20);
    return problem_set (
        problem, STATUS_SYSTEM,
        "transform: tocsin-jq ended with exit code %d, as where there is no seccomp",
        WEXITSTATUS (status));
}
