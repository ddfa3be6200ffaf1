/*  Who uses which connection: the writer's thread its own; readers borrow one of a few; tidy has one
 *  for checkpoints. Only the WAL's size and the mark of failure are shared, and those are atomic.
 */
#include "broker/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/sqlite_checkpoint.h"
#include "broker/store/sqlite_lock.h"
#include "broker/store/sqlite_pool.h"
#include "broker/store/sqlite_room.h"
#include "broker/store/sqlite_schema.h"
#include "broker/store/sqlite_writer.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

typedef struct {
    store_t store;  //  first: a store_t * is one of these
    char *path;     //  absolute
    limits_t limits;
    int lock;  //  descriptor; -1: not taken
    writer_t writer;
    pool_t pool;  //  of readers
    checkpoint_t checkpoint;
    room_t room;
    atomic_bool has_failed;  //  the disk did: what was written is not to be trusted
} sqlite_store_t;

//  A store_t * that sqlite_store_new gave out.
static sqlite_store_t *
self_of (store_t *store)
{
    return (sqlite_store_t *)store;
}

static status_t
refuse_to_write (sqlite_store_t *self, problem_t *problem)
{
    return problem_set (problem, STATUS_STORE_FAILED,
                        "store: %s: its disk has failed before; look at the disk, then start again",
                        self->path);
}

static int64_t
bytes_of_events (const batch_t *batch)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < batch->event_count; i++)
        bytes += (int64_t)event_size_bytes (batch->events [i]);
    return bytes;
}

//  By how much the file is to grow when what is in the WAL comes home.
static int64_t
bytes_owed (sqlite_store_t *self)
{
    int64_t pages = 0, page_bytes = 0;
    struct stat file;
    connection_t *connection = &self->writer.connection;
    if (stat (self->path, &file) ||
        connection_ask (connection, "PRAGMA page_count", &pages) != SQLITE_OK ||
        connection_ask (connection, "PRAGMA page_size", &page_bytes) != SQLITE_OK)
        return 0;
    int64_t owed = pages * page_bytes - file.st_size;
    return owed > 0 ? owed : 0;
}

/*  When the WAL has grown long in spite of tidy, who makes it grow has to wait for its end. Where room
 *  is scarce it does not grow at all: one that has filled the disk before it was home can never come
 *  home, and then there is no room for what became of deliveries either.
 */
static bool
is_to_come_home (sqlite_store_t *self, status_t committed)
{
    if (committed == STATUS_FULL)
        return true;
    if (committed != STATUS_OK)
        return false;
    bool is_scarce = room_is_scarce (&self->room, CHECKPOINT_WAL_BYTES);
    return (is_scarce && checkpoint_has_rest (&self->checkpoint)) ||
           checkpoint_is_overdue (&self->checkpoint);
}

static status_t
commit (store_t *store, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    sqlite_store_t *self = self_of (store);
    if (atomic_load (&self->has_failed))
        return refuse_to_write (self, problem);
    if (room_is_due (&self->room))
        room_note (&self->room, room_look (self->path) - bytes_owed (self));
    if (batch->event_count &&
        room_check (&self->room, self->path, bytes_of_events (batch), problem) != STATUS_OK)
        return STATUS_FULL;
    status_t status = writer_commit (&self->writer, batch, stored, problem);
    bool is_disk_whole = status != STATUS_STORE_FAILED;
    if (is_to_come_home (self, status))
        is_disk_whole = checkpoint_finish (&self->checkpoint, self->writer.connection.handle);
    if (!is_disk_whole)
        atomic_store (&self->has_failed, true);
    return status;
}

static void
keep_free (store_t *store, int64_t bytes)
{
    self_of (store)->room = (room_t){.least_bytes = bytes};
}

static void
tidy (store_t *store)
{
    sqlite_store_t *self = self_of (store);
    if (!atomic_load (&self->has_failed) && !checkpoint_run (&self->checkpoint))
        atomic_store (&self->has_failed, true);
}

static status_t
find (store_t *store, const batch_t *batch, stored_t *stored, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_find (loan.reader, batch, stored, problem) : status;
}

static status_t
read_page (store_t *store, int32_t partition, int64_t above_seq, size_t limit_bytes,
           size_t limit_events, page_t **page, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_read (loan.reader, partition, above_seq, limit_bytes,
                                              limit_events, page, problem)
                               : status;
}

static status_t
look_up (store_t *store, const char *id, history_t **history, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_look_up (loan.reader, id, history, problem) : status;
}

static status_t
list_tree (store_t *store, const char *root, size_t limit, size_t limit_bytes, page_t **page,
           problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK
               ? reader_list_tree (loan.reader, root, limit, limit_bytes, page, problem)
               : status;
}

static status_t
load (store_t *store, inventory_t **inventory, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_load (loan.reader, inventory, problem) : status;
}

static status_t
find_token (store_t *store, const char *hash, token_t *token, bool *found, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_find_token (loan.reader, hash, token, found, problem)
                               : status;
}

static status_t
list_tokens (store_t *store, token_t **tokens, size_t *count, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_list_tokens (loan.reader, tokens, count, problem) : status;
}

static status_t
list_exceptions (store_t *store, const char *subscription, exception_state_t state,
                 list_place_t after, size_t limit, size_t limit_bytes, listing_t **listing,
                 problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_list_exceptions (loan.reader, subscription, state, after,
                                                         limit, limit_bytes, listing, problem)
                               : status;
}

static status_t
list_dead (store_t *store, int64_t before_ms, size_t limit, listing_t **listing, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_list_dead (loan.reader, before_ms, limit, listing, problem)
                               : status;
}

static status_t
list_counts (store_t *store, const char *subscription, const char *from, size_t limit,
             counts_t **counts, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK
               ? reader_list_counts (loan.reader, subscription, from, limit, counts, problem)
               : status;
}

static status_t
find_seq (store_t *store, int32_t partition, int64_t time_ms, int64_t *seq, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK ? reader_find_seq (loan.reader, partition, time_ms, seq, problem)
                               : status;
}

static status_t
weigh (store_t *store, int32_t partition, int64_t before_ms, int64_t bytes_most, weight_t *weight,
       problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self_of (store)->pool};
    status_t status = loan_take (&loan, problem);
    return status == STATUS_OK
               ? reader_weigh (loan.reader, partition, before_ms, bytes_most, weight, problem)
               : status;
}

//  The writer's connection goes last: SQLite's own clean-up of the WAL is left to it.
static void
close_store (store_t **store_p)
{
    if (!*store_p)
        return;
    sqlite_store_t *self = self_of (*store_p);
    *store_p = NULL;
    if (atomic_load (&self->has_failed))  //  what is in the WAL may be all there is
        sqlite3_db_config (self->writer.connection.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                           NULL);
    pool_close (&self->pool);
    checkpoint_close (&self->checkpoint);
    writer_close (&self->writer);
    if (self->lock >= 0)
        lock_give_back (self->lock);
    free (self->path);
    free (self);
}

static const store_ops_t ops = {.commit = commit,
                                .find = find,
                                .read = read_page,
                                .look_up = look_up,
                                .list_tree = list_tree,
                                .load = load,
                                .find_token = find_token,
                                .list_tokens = list_tokens,
                                .list_exceptions = list_exceptions,
                                .list_dead = list_dead,
                                .list_counts = list_counts,
                                .find_seq = find_seq,
                                .weigh = weigh,
                                .keep_free = keep_free,
                                .tidy = tidy,
                                .close = close_store};

//  Absolute, so that it names the same file wherever the process goes, and no name is special.
static char *
absolute_path (const char *path, problem_t *problem)
{
    char directory [PATH_MAX], name [PATH_MAX], whole [PATH_MAX];
    if (strlen (path) + sizeof ".lock" > PATH_MAX) {
        problem_set (problem, STATUS_SYSTEM, "store: %.120s… is too long for a path", path);
        return NULL;
    }
    strcpy (directory, path);
    strcpy (name, path);
    const char *base = basename (name);
    if (!realpath (dirname (directory), whole)) {
        problem_set (problem, STATUS_SYSTEM,
                     "store: the directory of %s cannot be used: %s; make it (mkdir -p), or give "
                     "another store/url",
                     path, strerror (errno));
        return NULL;
    }
    char *absolute = allocate (strlen (whole) + strlen (base) + 2, 1);
    stpcpy (stpcpy (stpcpy (absolute, whole), strcmp (whole, "/") ? "/" : ""), base);
    return absolute;
}

//  Secrets are in it: nobody else reads it, whatever the umask. The WAL takes its mode from it.
static status_t
make_file (const char *path, problem_t *problem)
{
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0600);
    if (fd < 0 && errno == EEXIST)
        return STATUS_OK;
    if (fd < 0)
        return problem_set (problem, STATUS_SYSTEM,
                            "store: %s cannot be made: %s; let this user write to its directory",
                            path, strerror (errno));
    close (fd);
    return STATUS_OK;
}

static status_t
check_kind (const char *path, problem_t *problem)
{
    struct stat file;
    if (stat (path, &file) == 0 && S_ISREG (file.st_mode))
        return STATUS_OK;
    return problem_set (problem, STATUS_SYSTEM,
                        "store: %s is no file; give the path of a file in store/url", path);
}

static status_t
open_store (sqlite_store_t *self, int32_t partitions, problem_t *problem)
{
    status_t status = lock_take (self->path, &self->lock, problem);
    if (status == STATUS_OK)
        status = make_file (self->path, problem);
    if (status == STATUS_OK)
        status = check_kind (self->path, problem);
    connection_t *connection = &self->writer.connection;
    if (status == STATUS_OK)
        status = connection_open (connection, self->path, problem);
    if (status == STATUS_OK)
        status = schema_settle (connection, partitions, problem);
    if (status == STATUS_OK)
        status = writer_open (&self->writer, problem);
    if (status == STATUS_OK)
        status = checkpoint_open (&self->checkpoint, self->path, connection->handle, problem);
    if (status == STATUS_OK)
        pool_open (&self->pool, self->path, self->writer.partition_count, &self->limits);
    return status;
}

//  The last events of each partition are read, as they were being written when the power went.
static status_t
check_ends (sqlite_store_t *self, problem_t *problem)
{
    OWNED (loan) loan_t loan = {.pool = &self->pool};
    status_t status = loan_take (&loan, problem);
    for (int32_t i = 0; i < self->writer.partition_count && status == STATUS_OK; i++)
        status = reader_check_end (loan.reader, i, self->writer.partitions [i].first_seq,
                                   self->writer.partitions [i].last_seq, problem);
    return status;
}

store_t *
sqlite_store_new (const char *path, int32_t partitions, const limits_t *limits, problem_t *problem)
{
    char *absolute = absolute_path (path, problem);
    if (!absolute)
        return NULL;
    sqlite_store_t *self = ALLOCATE (sqlite_store_t);
    *self = (sqlite_store_t){.store = {&ops}, .path = absolute, .limits = *limits, .lock = -1};
    status_t status = open_store (self, partitions, problem);
    if (status == STATUS_OK)
        status = check_ends (self, problem);
    store_t *store = &self->store;
    if (status != STATUS_OK)
        close_store (&store);
    return store;
}
