#include "broker/doorman.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/complaints.h"
#include "daemon/keyring.h"
#include "daemon/log.h"
#include "proto/keys/zap.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/wire/door_try.h"
#include "proto/wire/troubles.h"

enum {
    SETTLED_MS = 50,    //  a file that is being written is whole by then
    REREAD_MS = 60000,  //  though nothing was told: not every file system tells
    SUBJECT_SIZE = 128,
    DOORS_WATCHED = 4,
    EVENTS = IN_CREATE | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
             IN_MOVE_SELF | IN_ONLYDIR
};

struct doorman {
    metrics_t *metrics;  //  borrowed
    keyring_t *keyring;
    allow_list_t *allowed;  //  as all that follows: NULL, -1 or 0 without keys
    zap_t *zap;
    int changes;  //  inotify's
    int watch;
    int64_t read_due_ms;  //  monotonic
    complaints_t complaints;
    link_t *links [DOORS_WATCHED];  //  borrowed
    size_t link_count;
    bool is_trying;      //  whoever knocks now is ourselves
    bool is_unreadable;  //  that the directory is was said
};

//  ---- Words

//  The key of somebody who may not come in. Public keys are no secret.
static void
doorman_say_no (doorman_t *self, const zap_question_t *question, const allowed_t *known)
{
    char subject [SUBJECT_SIZE];
    snprintf (subject, sizeof subject, "%s %s", door_word (question->door), question->public_key);
    metrics_add_labelled (self->metrics, METRIC_handshakes_refused, known ? "role" : "unknown key",
                          1);
    if (!complaints_may_say (&self->complaints, subject, monotonic_ms ()))
        return;
    if (known)
        log_warning (
            "broker",
            "%s was refused at broker/%s: its key is that of %s, a %s, who has no business "
            "there",
            question->address, door_word (question->door), known->key.name,
            node_role_word (known->key.role));
    else
        log_warning ("broker", "%s was refused at broker/%s: its key %s is in no file of %s",
                     question->address, door_word (question->door), question->public_key,
                     allow_list_directory (self->allowed));
}

static bool
doorman_judge (void *context, const zap_question_t *question)
{
    doorman_t *self = context;
    const allowed_t *known = allow_list_find (self->allowed, question->public_key);
    if (known && node_role_opens (known->key.role, question->door))
        return true;
    if (!self->is_trying)
        doorman_say_no (self, question, known);
    return false;
}

//  Which side of two that have nothing in common says so is chance: the first to have read the
//  other's greeting hangs up, often before the rest of its own has left. The other is hung up on.
static void
doorman_tell_trouble (doorman_t *self, trouble_t trouble, const char *where)
{
    const char *reason = trouble == TROUBLE_WRONG_KEY       ? "another broker's key"
                         : trouble == TROUBLE_NO_COMMON_WAY ? "no keys"
                                                            : "broken off";
    metrics_add_labelled (self->metrics, METRIC_handshakes_refused, reason, 1);
    char subject [SUBJECT_SIZE];
    snprintf (subject, sizeof subject, "%s %s", reason, where);
    if (!complaints_may_say (&self->complaints, subject, monotonic_ms ()))
        return;
    bool has_keys = keyring_own (self->keyring);
    if (trouble == TROUBLE_WRONG_KEY)
        log_warning ("broker",
                     "somebody called at %s with the key of another broker: its keys/brokers must "
                     "name this broker's .public file",
                     where);
    else if (trouble == TROUBLE_NO_COMMON_WAY)
        log_warning ("broker", "somebody called at %s and %s: both sides need keys/own, or neither",
                     where, has_keys ? "has no keys" : "has keys, as we have not");
    else
        log_notice ("broker",
                    "somebody called at %s and hung up before it said who it is: if it is a node, "
                    "it may have %s, and its own log says more",
                    where, has_keys ? "no keys, or others" : "keys, as we have not");
}

static bool
doorman_hear_troubles (void *context)
{
    doorman_t *self = context;
    trouble_t trouble;
    for (size_t i = 0; i < self->link_count; i++)
        while ((trouble = link_next_trouble (self->links [i])) != TROUBLE_NONE)
            if (trouble != TROUBLE_KEY_REFUSED && trouble != TROUBLE_UNREACHABLE)
                //  the first was said when it was judged, the second is a listener that we closed
                doorman_tell_trouble (self, trouble, link_endpoint (self->links [i]));
    return false;
}

//  ---- The directory

static void
doorman_watch_directory (doorman_t *self)
{
    self->watch = inotify_add_watch (self->changes, allow_list_directory (self->allowed), EVENTS);
}

static bool
doorman_hear_changes (void *context)
{
    doorman_t *self = context;
    char events [4096];
    while (read (self->changes, events, sizeof events) > 0)
        ;  //  whatever it was: all is read anew
    self->read_due_ms = monotonic_ms () + SETTLED_MS;
    return false;
}

static void
doorman_tell_changes (const doorman_t *self, const allow_changes_t *changes)
{
    if (changes->faults > 0)
        log_warning ("broker", "%zu files of keys/allowed allow nobody: %s", changes->faults,
                     changes->fault.text);
    if (changes->added + changes->removed > 0)
        log_notice ("broker", "%zu keys are allowed by %s: %zu are new, %zu are gone",
                    changes->keys, allow_list_directory (self->allowed), changes->added,
                    changes->removed);
}

static bool
doorman_read (doorman_t *self)
{
    allow_changes_t changes;
    problem_t problem;
    doorman_watch_directory (self);  //  again: it may be another directory of this name
    self->read_due_ms = monotonic_ms () + REREAD_MS;
    if (allow_list_read (self->allowed, &changes, &problem)) {
        if (!self->is_unreadable)
            log_error ("broker", "%s: those who were allowed still are", problem.text);
        self->is_unreadable = true;
        return false;
    }
    self->is_unreadable = false;
    metrics_set (self->metrics, METRIC_keys_allowed, (int64_t)changes.keys);
    doorman_tell_changes (self, &changes);
    return changes.removed > 0;
}

int64_t
doorman_deadline (const doorman_t *self)
{
    return self->read_due_ms;
}

bool
doorman_tick (doorman_t *self, int64_t now_ms)
{
    size_t left_out = complaints_close (&self->complaints, now_ms);
    if (left_out > 0)
        log_warning ("broker", "%zu more handshakes were refused in the last minute or so",
                     left_out);
    return now_ms >= self->read_due_ms && doorman_read (self);
}

//  ---- Life

static status_t
doorman_open (doorman_t *self, const settings_t *settings, void *zmq, problem_t *problem)
{
    const node_key_t *own = keyring_own (self->keyring);
    const char *directory = settings_text (settings, "keys/allowed");
    if (own->role != NODE_BROKER)
        return problem_at (problem, STATUS_BAD_SETTING, "keys/own",
                           "keys/own is the key of a %s; a broker needs one of its own: `tocsin "
                           "keygen NAME --role broker`",
                           node_role_word (own->role));
    if (!*directory)
        return problem_at (problem, STATUS_BAD_SETTING, "keys/allowed",
                           "keys/allowed is empty: name the directory with the .public files of "
                           "those who may connect");
    self->allowed = allow_list_new (directory, own);
    self->changes = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
    if (self->changes < 0)
        return problem_set (problem, STATUS_SYSTEM, "keys/allowed cannot be watched: %s",
                            strerror (errno));
    doorman_watch_directory (self);  //  before it is read, or what comes meanwhile would be missed
    allow_changes_t changes;
    status_t status = allow_list_read (self->allowed, &changes, problem);
    if (status)
        return status;
    self->zap = zap_new (zmq, doorman_judge, self, problem);
    if (!self->zap)
        return problem->status;
    self->read_due_ms = monotonic_ms () + REREAD_MS;
    metrics_set (self->metrics, METRIC_keys_allowed, (int64_t)changes.keys);
    doorman_tell_changes (self, &changes);
    return STATUS_OK;
}

doorman_t *
doorman_new (const settings_t *settings, void *zmq, metrics_t *metrics, problem_t *problem)
{
    OWNED (doorman) doorman_t *self = ALLOCATE (doorman_t);
    self->metrics = metrics;
    self->changes = -1;
    self->read_due_ms = INT64_MAX;
    self->keyring = keyring_new (settings, problem);
    if (!self->keyring)
        return NULL;
    if (keyring_own (self->keyring) && doorman_open (self, settings, zmq, problem))
        return NULL;
    return TAKE (self);
}

void
doorman_destroy (doorman_t **self_p)
{
    doorman_t *self = *self_p;
    if (!self)
        return;
    zap_destroy (&self->zap);
    if (self->changes >= 0)
        close (self->changes);
    allow_list_destroy (&self->allowed);
    keyring_destroy (&self->keyring);
    free (self);
    *self_p = NULL;
}

const link_keys_t *
doorman_keys (const doorman_t *self, door_t door, link_keys_t *keys)
{
    if (!self->allowed)
        return NULL;
    *keys =
        (link_keys_t){.own = keyring_own (self->keyring), .allowed = self->allowed, .door = door};
    return keys;
}

void
doorman_watch (doorman_t *self, link_t *link)
{
    self->links [self->link_count++] = link;
}

status_t
doorman_try (doorman_t *self, void *zmq, const limits_t *limits, problem_t *problem)
{
    status_t status = STATUS_OK;
    self->is_trying = true;
    for (size_t i = 0; i < self->link_count && self->allowed && !status; i++)
        if (link_monitor (self->links [i]))  //  one within the process has no door
            status = door_try (self->links [i], zmq, keyring_own (self->keyring), self->zap, limits,
                               problem);
    self->is_trying = false;
    return status;
}

void
doorman_stand (doorman_t *self, loop_t *loop)
{
    for (size_t i = 0; i < self->link_count; i++)
        if (link_monitor (self->links [i]))
            loop_add_socket (loop, link_monitor (self->links [i]), doorman_hear_troubles, self);
    if (!self->allowed)
        return;
    loop_add_socket (loop, zap_socket (self->zap), zap_ready, self->zap);
    loop_add_descriptor (loop, self->changes, doorman_hear_changes, self);
}
