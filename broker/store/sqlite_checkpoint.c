#include "broker/store/sqlite_checkpoint.h"

enum {
    WORTH_PAGES = 2000,                  //  8 MiB to bring home: about 10 ms
    OVERDUE_PAGES = 4 * WORTH_PAGES,     //  p99 of a commit stays under a millisecond
    HOPELESS_PAGES = 1000 * WORTH_PAGES  //  overdue_at rises no higher
};

//  Called by SQLite after each commit, in the writer's thread.
static int
count_pages (void *context, sqlite3 *writer, const char *name, int pages)
{
    (void)writer, (void)name;
    checkpoint_t *self = context;
    atomic_store (&self->wal_pages, pages);
    return SQLITE_OK;
}

status_t
checkpoint_open (checkpoint_t *self, const char *path, sqlite3 *writer, problem_t *problem)
{
    pthread_mutex_init (&self->mutex, NULL);
    self->has_mutex = true;
    atomic_store (&self->overdue_at, OVERDUE_PAGES);
    sqlite3_wal_hook (writer, count_pages, self);
    return connection_open (&self->connection, path, problem);
}

void
checkpoint_close (checkpoint_t *self)
{
    connection_close (&self->connection);
    if (self->has_mutex)
        pthread_mutex_destroy (&self->mutex);
    self->has_mutex = false;
}

/*  SQLite's log and done of the WAL. Full or busy is no harm: it stays in the WAL. After an fsync
 *  that failed, the next may well succeed and what was lost stay lost: so that is the end.
 */
static bool
bring_home (checkpoint_t *self, sqlite3 *handle)
{
    int pages = 0, home = 0;
    int code = sqlite3_wal_checkpoint_v2 (handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &home);
    if (code == SQLITE_OK)
        atomic_store (&self->home_pages, home);
    bool is_disk_failure = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT;
    return !is_disk_failure || handle_is_out_of_room (handle, code);
}

bool
checkpoint_run (checkpoint_t *self)
{
    int pages = atomic_load (&self->wal_pages);
    int home = atomic_load (&self->home_pages);
    //  Fewer than are home: the WAL has begun anew since.
    int to_do = pages < home ? pages : pages - home;
    if (to_do < WORTH_PAGES)
        return true;
    pthread_mutex_lock (&self->mutex);
    bool is_disk_whole = bring_home (self, self->connection.handle);
    pthread_mutex_unlock (&self->mutex);
    return is_disk_whole;
}

bool
checkpoint_is_overdue (const checkpoint_t *self)
{
    return atomic_load (&self->wal_pages) >= atomic_load (&self->overdue_at);
}

bool
checkpoint_finish (checkpoint_t *self, sqlite3 *writer)
{
    pthread_mutex_lock (&self->mutex);
    bool is_disk_whole = bring_home (self, writer);
    pthread_mutex_unlock (&self->mutex);

    //  Held up by a reader of an old moment, or a full disk: try again after so much more.
    int pages = atomic_load (&self->wal_pages);
    bool is_all_home = atomic_load (&self->home_pages) >= pages;
    int next = pages + WORTH_PAGES < HOPELESS_PAGES ? pages + WORTH_PAGES : HOPELESS_PAGES;
    atomic_store (&self->overdue_at, is_all_home ? OVERDUE_PAGES : next);
    return is_disk_whole;
}
