#include "broker/tidier.h"

#include <pthread.h>
#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    ENOUGH_BYTES = 1 << 20,  //  a log file of SQLite is worth a look at eight times that
    BYTES_PER_COMMIT = 4096  //  at least: the page that a commit without events rewrites
};

struct tidier {
    store_t *store;  //  borrowed
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t nudged;
    bool is_due, is_closing;  //  under lock
    size_t bytes;             //  since it was last due; the writer's alone
};

static bool
tidier_wait (tidier_t *self)
{
    pthread_mutex_lock (&self->lock);
    while (!self->is_due && !self->is_closing)
        pthread_cond_wait (&self->nudged, &self->lock);
    self->is_due = false;
    bool is_closing = self->is_closing;
    pthread_mutex_unlock (&self->lock);
    return !is_closing;
}

static void *
tidier_run (void *context)
{
    tidier_t *self = context;
    pthread_setname_np (pthread_self (), "broker-tidier");  //  for top -H
    while (tidier_wait (self))
        self->store->ops->tidy (self->store);
    return NULL;
}

tidier_t *
tidier_new (store_t *store)
{
    tidier_t *self = ALLOCATE (tidier_t);
    self->store = store;
    pthread_mutex_init (&self->lock, NULL);
    pthread_cond_init (&self->nudged, NULL);
    int failed = pthread_create (&self->thread, NULL, tidier_run, self);
    ASSERT (!failed, "no thread can be made: raise the limit of processes");
    return self;
}

void
tidier_destroy (tidier_t **self_p)
{
    tidier_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->lock);
    self->is_closing = true;
    pthread_cond_signal (&self->nudged);
    pthread_mutex_unlock (&self->lock);
    pthread_join (self->thread, NULL);
    pthread_cond_destroy (&self->nudged);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

void
tidier_nudge (tidier_t *self, size_t bytes)
{
    self->bytes += bytes + BYTES_PER_COMMIT;
    if (self->bytes < ENOUGH_BYTES)
        return;
    self->bytes = 0;
    pthread_mutex_lock (&self->lock);
    self->is_due = true;
    pthread_cond_signal (&self->nudged);
    pthread_mutex_unlock (&self->lock);
}
