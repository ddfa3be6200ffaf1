#include "worker/exec/exec_action.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "worker/actions/cloud_event.h"
#include "worker/exec/exec_conclude.h"
#include "worker/exec/marks.h"

enum { ATTRIBUTES = 8, EVENTS_AT_A_TIME = 64, READ_PIECE = 16384 };

//  A run of a program, from begin to ended.
typedef struct {
    run_t *attempt;
    const program_t *program;
    int socket;  //  to its keeper
    int64_t started_us;
    body_t report;  //  as far as it has come
} exec_run_t;

typedef struct {
    action_place_t place;
    const exec_settings_t *settings;
    int epoll;      //  of the sockets of all runs
    body_t body;    //  of the event, and then of the errand
    body_t errand;  //
} execs_t;

//  ---- subscriptions

static void *
execs_read (const void *context, const target_t *target, const json_t *document, problem_t *problem)
{
    const exec_settings_t *settings = context;
    (void)target;
    const char *name =
        json_string_value (json_object_get (json_object_get (document, "action"), "program"));
    const program_t *program = name ? programs_find (settings->programs, name) : NULL;
    if (!program)
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "action.program",
                    "action.program: this worker has no program \"%.40s\"", name ? name : "");
    return (void *)(uintptr_t)program;
}

static void
execs_drop (void *ready)
{
    (void)ready;  //  a program is the settings'
}

char *
exec_schema (const programs_t *programs)
{
    json_t *names = json_array ();
    for (size_t i = 0; i < programs->count; i++)
        json_array_append_new (names, json_string (programs->list [i].name));
    json_t *schema = json_pack ("{s:s, s:{s:{s:[s]}, s:{s:o}}, s:[s,s], s:b}", "type", "object",
                                "properties", "name", "enum", "exec", "program", "enum", names,
                                "required", "name", "program", "additionalProperties", 0);
    ASSERT (schema, "names of settings are ASCII");
    char *text = json_dumps (schema, JSON_COMPACT);
    json_decref (schema);
    return text;
}

//  ---- an instance

static void *
execs_open (const action_place_t *place)
{
    execs_t *self = ALLOCATE (execs_t);
    self->place = *place;
    self->settings = place->settings;
    self->epoll = epoll_create1 (EPOLL_CLOEXEC);
    ASSERT (self->epoll >= 0, "no descriptor is left: raise LimitNOFILE, or lower worker/threads");
    return self;
}

static void
execs_close (void *context)
{
    execs_t *self = context;
    close (self->epoll);
    body_free (&self->body);
    body_free (&self->errand);
    free (self);
}

static int
execs_descriptor (const void *context)
{
    const execs_t *self = context;
    return self->epoll;
}

static void
exec_run_end (execs_t *self, exec_run_t *run)
{
    run_t *attempt = run->attempt;
    ending_took (&attempt->end, monotonic_us () - run->started_us);
    if (run->socket >= 0)
        close (run->socket);  //  epoll forgets it, since nobody else has it
    body_free (&run->report);
    free (run);
    attempt->state = NULL;
    self->place.ended (self->place.thread, attempt);
}

//  ---- begin

//  The event where a program can read it, as a file without a name. -1 and errno.
static int
make_event_file (execs_t *self, const event_t *event)
{
    body_clear (&self->body);
    cloud_event_write (event, &self->body);
    int file = memfd_create ("tocsin-event", MFD_CLOEXEC);
    size_t done = 0;
    while (file >= 0 && done < self->body.used) {
        ssize_t size = write (file, self->body.bytes + done, self->body.used - done);
        if (size < 0 && errno != EINTR) {
            close (file);
            return -1;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    if (file >= 0)
        lseek (file, 0, SEEK_SET);
    return file;
}

static char *
attribute (const char *name, const char *value)
{
    char *text = allocate (strlen (name) + strlen (value) + 2, 1);
    stpcpy (stpcpy (stpcpy (text, name), "="), value);
    return text;
}

static void
make_errand (execs_t *self, const exec_run_t *run)
{
    const delivery_t *delivery = run->attempt->delivery;
    const event_t *event = delivery->event;
    char number [16];
    snprintf (number, sizeof number, "%d", (int)delivery->attempt);
    char *attributes [ATTRIBUTES] = {
        attribute ("TOCSIN_EVENT_ID", event->id),
        attribute ("TOCSIN_EVENT_TYPE", event->type),
        attribute ("TOCSIN_EVENT_SUBJECT", event->subject),
        attribute ("TOCSIN_EVENT_SOURCE", event->source),
        attribute ("TOCSIN_EVENT_TIME", event->time),
        attribute ("TOCSIN_SUBSCRIPTION", run->attempt->target->subscription),
        attribute ("TOCSIN_ATTEMPT", number),
        NULL};
    body_clear (&self->errand);
    errand_write (&self->errand, run->program, run->attempt->target->timeout_ms, attributes);
    for (char **text = attributes; *text; text++)
        free (*text);
}

//  Its socket, registered, and the errand on its way. False, and errno or 0: it is not.
static bool
execs_start (execs_t *self, exec_run_t *run)
{
    int sockets [2];
    int event = make_event_file (self, run->attempt->delivery->event);
    if (event < 0)
        return false;
    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        close (event);
        return false;
    }
    run->socket = sockets [0];
    make_errand (self, run);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = run};
    bool is_sent = epoll_ctl (self->epoll, EPOLL_CTL_ADD, run->socket, &interest) == 0;
    errno = 0;
    is_sent = is_sent && helper_send (self->settings->helper, self->errand.bytes, self->errand.used,
                                      event, sockets [1]);
    close (event);
    close (sockets [1]);
    return is_sent;
}

static void
execs_begin (void *context, run_t *attempt, void *ready)
{
    execs_t *self = context;
    exec_run_t *run = ALLOCATE (exec_run_t);
    run->attempt = attempt;
    run->program = ready;
    run->socket = -1;
    run->started_us = monotonic_us ();
    attempt->state = run;
    if (execs_start (self, run))
        return;
    ending_retry (&attempt->end, "%s could not be started: %s", run->program->name,
                  errno ? strerrordesc_np (errno) : "the helper process is gone");
    exec_run_end (self, run);
}

//  ---- until the end

//  The keeper kills the program, and then reports as always.
static void
execs_cancel (void *context, run_t *attempt)
{
    (void)context;
    const exec_run_t *run = attempt->state;
    shutdown (run->socket, SHUT_WR);
}

//  False: there may be more to come.
static bool
exec_run_is_read (exec_run_t *run)
{
    char bytes [READ_PIECE];
    for (;;) {
        ssize_t size = recv (run->socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0)
            body_add (&run->report, bytes, (size_t)size);
        else if (size == 0 || errno != EINTR)
            return size == 0 || errno != EAGAIN;
    }
}

//  What its keeper has said so far is how far it is, and leaves the report.
static void
exec_run_hear_words (const execs_t *self, exec_run_t *run)
{
    report_t word;
    while (run->report.used >= sizeof word) {
        memcpy (&word, run->report.bytes, sizeof word);
        size_t size = sizeof word + word.output_size;
        if (word.end != RUN_PROGRESS || word.output_size >= MARK_TEXT_SIZE ||
            run->report.used < size)
            return;
        char text [MARK_TEXT_SIZE] = "";
        memcpy (text, run->report.bytes + sizeof word, word.output_size);
        self->place.progress (self->place.thread, run->attempt, word.code, text);
        run->report.used -= size;
        memmove (run->report.bytes, run->report.bytes + size, run->report.used);
    }
}

static void
execs_ready (void *context)
{
    execs_t *self = context;
    struct epoll_event events [EVENTS_AT_A_TIME];
    int count = epoll_wait (self->epoll, events, EVENTS_AT_A_TIME, 0);
    for (int i = 0; i < count; i++) {
        exec_run_t *run = events [i].data.ptr;
        bool is_read = exec_run_is_read (run);
        exec_run_hear_words (self, run);
        if (!is_read)
            continue;
        exec_conclude (run->program, run->report.bytes, run->report.used, &run->attempt->end);
        exec_run_end (self, run);
    }
}

const action_t exec_action = {.name = "exec",
                              .read = execs_read,
                              .drop = execs_drop,
                              .open = execs_open,
                              .close = execs_close,
                              .begin = execs_begin,
                              .cancel = execs_cancel,
                              .descriptor = execs_descriptor,
                              .ready = execs_ready};
