#include "broker/store/sqlite_checkpoint.h"

/*  In pages of 4 KiB. Measured with batches of 1 to 256 events of 1 KiB, back to back: with passes of
 *  2,000 pages the longest commit took 20 to 60 ms, with these 2 to 4, at the same throughput or more.
 */
enum {
    WORTH_PAGES = 500,  //  not at home: worth a pass of tidy's, of 1 or 2 ms
    OVERDUE_PAGES = CHECKPOINT_WAL_BYTES / 4096,  //  in the WAL: it is to begin anew
    SHORT_PAGES = 250,  //  not at home: the writer brings them there in under a millisecond
    UNBEARABLE_PAGES = 4 * OVERDUE_PAGES  //  in the WAL: the writer waits, however many are left
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

/*  SQLite syncs the file only when all of the WAL is home. Then it would be much at once, and the
 *  commits beside it would wait for the disk as long.
 */
static bool
sync_home (checkpoint_t *self)
{
    sqlite3_file *file = NULL;
    int code =
        sqlite3_file_control (self->connection.handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || !file || !file->pMethods)
        return true;
    return file->pMethods->xSync (file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) == SQLITE_OK;
}

//  Pages in the WAL that are not at home. Fewer than were home: it has begun anew since.
static int
rest_pages (const checkpoint_t *self)
{
    int pages = atomic_load (&self->wal_pages);
    int home = atomic_load (&self->home_pages);
    return pages < home ? pages : pages - home;
}

//  Toward the end again and again, so that what is left to the writer is short.
bool
checkpoint_run (checkpoint_t *self)
{
    bool is_near_end = atomic_load (&self->wal_pages) >= OVERDUE_PAGES - WORTH_PAGES;
    if (rest_pages (self) < (is_near_end ? SHORT_PAGES : WORTH_PAGES))
        return true;
    pthread_mutex_lock (&self->mutex);
    bool is_disk_whole = bring_home (self, self->connection.handle) && sync_home (self);
    pthread_mutex_unlock (&self->mutex);
    return is_disk_whole;
}

bool
checkpoint_has_rest (const checkpoint_t *self)
{
    return rest_pages (self) > 0;
}

bool
checkpoint_is_overdue (const checkpoint_t *self)
{
    int pages = atomic_load (&self->wal_pages);
    if (pages < atomic_load (&self->overdue_at))
        return false;
    return rest_pages (self) <= SHORT_PAGES || pages >= UNBEARABLE_PAGES;
}

bool
checkpoint_finish (checkpoint_t *self, sqlite3 *writer)
{
    bool is_unbearable = atomic_load (&self->wal_pages) >= UNBEARABLE_PAGES;
    if (is_unbearable)
        pthread_mutex_lock (&self->mutex);
    else if (pthread_mutex_trylock (&self->mutex) != 0)
        return true;  //  tidy is at it
    bool is_disk_whole = bring_home (self, writer);
    pthread_mutex_unlock (&self->mutex);

    //  Held up by a reader of an old moment, or a full disk: try again after so much more.
    int pages = atomic_load (&self->wal_pages);
    bool is_all_home = atomic_load (&self->home_pages) >= pages;
    atomic_store (&self->overdue_at, is_all_home ? OVERDUE_PAGES : pages + WORTH_PAGES);
    return is_disk_whole;
}
