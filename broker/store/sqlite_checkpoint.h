/*  sqlite_checkpoint – brings what is in the WAL home to the file, off the road of commits.
 *
 *  A checkpoint inside a commit costs it milliseconds. So tidy's thread does it on a connection of
 *  its own, beside the writer. But while that one goes on writing, the WAL is never all home and
 *  cannot begin anew: when it is four times as long, the writer itself brings the short rest home
 *  between two commits.
 */
#ifndef SQLITE_CHECKPOINT_H
#define SQLITE_CHECKPOINT_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "broker/store/sqlite_connection.h"

//  So long the WAL grows, as a rule, until it begins anew.
enum { CHECKPOINT_WAL_BYTES = 4000 * 4096 };

typedef struct {
    connection_t connection;  //  of the thread that tidies
    pthread_mutex_t mutex;    //  one checkpoint at a time: SQLite would turn the second away
    bool has_mutex;
    atomic_int wal_pages;   //  in the WAL, as of the last commit
    atomic_int home_pages;  //  of them, at home as of the last checkpoint
    atomic_int
        overdue_at;  //  WAL pages at which the writer has to wait; rises while it cannot be done
} checkpoint_t;

/*  writer: the handle whose commits are counted; none come after checkpoint_close. */
status_t checkpoint_open (checkpoint_t *self, const char *path, sqlite3 *writer,
                          problem_t *problem);
void checkpoint_close (checkpoint_t *self);  //  safe on a zero one

//  false: the disk failed, and what it has written is not to be trusted any more.
bool checkpoint_run (checkpoint_t *self);  //  if there is enough to do
bool checkpoint_is_overdue (const checkpoint_t *self);
bool checkpoint_has_rest (const checkpoint_t *self);  //  something is not at home
bool checkpoint_finish (checkpoint_t *self, sqlite3 *writer);

#endif
