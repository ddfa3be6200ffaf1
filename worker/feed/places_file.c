#include "worker/feed/places_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

#define NAME      "feeds.json"
#define NAME_NEW  "feeds.json.new"
#define NAME_LOCK "lock"

enum { WRITE_MS = 500, SIZE_MOST = 64 << 20 };

struct places_file {
    places_t *places;  //  borrowed
    char *path;        //  of the directory; ours
    int directory, lock;
    uint64_t handed;  //  changes that the thread has been given
    int64_t due_ms;   //  not before

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char *text;       //  under mutex: to be written; ours
    bool is_closing;  //  under mutex
};

//  ---- the thread

static bool
write_all (int file, const char *text)
{
    size_t size = strlen (text);
    while (size > 0) {
        ssize_t written = write (file, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        size -= (size_t)written;
    }
    return fsync (file) == 0;
}

//  The old one stays until the new one is on the disk.
static bool
replace_file (const places_file_t *self, const char *text)
{
    int file = openat (self->directory, NAME_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    bool is_written = write_all (file, text);
    is_written = close (file) == 0 && is_written;
    return is_written && renameat (self->directory, NAME_NEW, self->directory, NAME) == 0 &&
           fsync (self->directory) == 0;
}

static void *
places_file_run (void *context)
{
    places_file_t *self = context;
    bool has_failed = false;
    pthread_mutex_lock (&self->mutex);
    while (self->text || !self->is_closing) {
        if (!self->text) {
            pthread_cond_wait (&self->changed, &self->mutex);
            continue;
        }
        char *text = self->text;
        self->text = NULL;
        pthread_mutex_unlock (&self->mutex);
        bool is_written = replace_file (self, text);
        if (!is_written && !has_failed)
            log_error ("worker",
                       "%s/" NAME " cannot be written: %s. After a restart broadcasts are repeated "
                       "from where it was last written",
                       self->path, strerror (errno));
        has_failed = !is_written;
        free (text);
        pthread_mutex_lock (&self->mutex);
    }
    pthread_mutex_unlock (&self->mutex);
    return NULL;
}

//  ---- life

static status_t
places_file_lock (places_file_t *self, problem_t *problem)
{
    if (mkdir (self->path, 0700) != 0 && errno != EEXIST)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/state",
                           "worker/state: %s cannot be made: %s", self->path, strerror (errno));
    self->directory = open (self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->directory >= 0)
        self->lock = openat (self->directory, NAME_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock < 0)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/state",
                           "worker/state: %s cannot be used: %s", self->path, strerror (errno));
    if (flock (self->lock, LOCK_EX | LOCK_NB) != 0)
        return problem_at (problem, STATUS_BAD_SETTING, "worker/state",
                           "worker/state: %s is another worker's, which is running: give each its "
                           "own",
                           self->path);
    return STATUS_OK;
}

static status_t
places_file_refuse (const places_file_t *self, const char *why, problem_t *problem)
{
    return problem_at (problem, STATUS_BAD_SETTING, "worker/state",
                       "worker/state: %s/" NAME ": %s. Move it away, and this worker begins anew "
                       "with what comes next",
                       self->path, why);
}

static status_t
places_file_read (places_file_t *self, problem_t *problem)
{
    int file = openat (self->directory, NAME, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (file < 0 && errno == ENOENT)
        return STATUS_OK;
    if (file < 0 || fstat (file, &found) != 0 || found.st_size > SIZE_MOST) {
        status_t status = places_file_refuse (self, strerror (errno), problem);
        if (file >= 0)
            close (file);
        return status;
    }
    size_t size = (size_t)found.st_size, got = 0;
    char *text = allocate (size + 1, 1);
    ssize_t more;
    while (got < size && (more = read (file, text + got, size - got)) > 0)
        got += (size_t)more;
    close (file);
    problem_t why;
    status_t status = places_read (self->places, text, got, &why);
    free (text);
    return status ? places_file_refuse (self, why.text, problem) : STATUS_OK;
}

places_file_t *
places_file_open (const char *directory, places_t *places, problem_t *problem)
{
    places_file_t *self = ALLOCATE (places_file_t);
    self->places = places;
    self->path = allocate_copy (directory);
    self->directory = self->lock = -1;
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->changed, NULL);
    if (places_file_lock (self, problem) || places_file_read (self, problem)) {
        places_file_close (&self);
        return NULL;
    }
    self->handed = places_changes (places);
    int failed = pthread_create (&self->thread, NULL, places_file_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    self->has_thread = true;
    return self;
}

static void
places_file_hand_over (places_file_t *self)
{
    if (self->handed == places_changes (self->places))
        return;
    self->handed = places_changes (self->places);
    char *text = places_text (self->places);
    pthread_mutex_lock (&self->mutex);
    free (self->text);
    self->text = text;
    pthread_cond_signal (&self->changed);
    pthread_mutex_unlock (&self->mutex);
}

void
places_file_close (places_file_t **self_p)
{
    places_file_t *self = *self_p;
    if (!self)
        return;
    if (self->has_thread) {
        places_file_hand_over (self);
        pthread_mutex_lock (&self->mutex);
        self->is_closing = true;
        pthread_cond_signal (&self->changed);
        pthread_mutex_unlock (&self->mutex);
        pthread_join (self->thread, NULL);
    }
    if (self->lock >= 0)
        close (self->lock);
    if (self->directory >= 0)
        close (self->directory);
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->mutex);
    free (self->path);
    free (self);
    *self_p = NULL;
}

void
places_file_tick (places_file_t *self, int64_t now_ms)
{
    if (now_ms < self->due_ms || self->handed == places_changes (self->places))
        return;
    places_file_hand_over (self);
    self->due_ms = now_ms + WRITE_MS;
}

int64_t
places_file_deadline (const places_file_t *self)
{
    return self->handed == places_changes (self->places) ? INT64_MAX : self->due_ms;
}
