#include "broker/store/sqlite_pool.h"

#include "proto/model/assert.h"

void
pool_open (pool_t *self, const char *path, int32_t partitions, const limits_t *limits)
{
    *self = (pool_t){.path = path, .limits = limits, .partitions = partitions};
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->given_back, NULL);
}

void
pool_close (pool_t *self)
{
    if (!self->path)
        return;
    for (int i = 0; i < POOL_READERS; i++) {
        ASSERT (!self->is_lent [i], "a store is closed when nobody reads it any more");
        reader_close (&self->readers [i]);
    }
    pthread_cond_destroy (&self->given_back);
    pthread_mutex_destroy (&self->mutex);
    *self = (pool_t){0};
}

//  The first that is free, so that more are opened only when more are wanted at once.
static int
first_free (const pool_t *self)
{
    for (int i = 0; i < POOL_READERS; i++)
        if (!self->is_lent [i])
            return i;
    return -1;
}

status_t
loan_take (loan_t *self, problem_t *problem)
{
    pool_t *pool = self->pool;
    pthread_mutex_lock (&pool->mutex);
    int free_one;
    while ((free_one = first_free (pool)) < 0)
        pthread_cond_wait (&pool->given_back, &pool->mutex);
    pool->is_lent [free_one] = true;
    pthread_mutex_unlock (&pool->mutex);

    self->reader = &pool->readers [free_one];
    if (self->reader->connection.handle)
        return STATUS_OK;
    return reader_open (self->reader, pool->path, pool->partitions, pool->limits, problem);
}

void
loan_destroy (loan_t *self)
{
    if (!self->reader)
        return;
    pool_t *pool = self->pool;
    pthread_mutex_lock (&pool->mutex);
    pool->is_lent [self->reader - pool->readers] = false;
    pthread_cond_signal (&pool->given_back);
    pthread_mutex_unlock (&pool->mutex);
    self->reader = NULL;
}
