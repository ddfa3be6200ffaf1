/*  sqlite_writer – one commit: finds repeats, gives out seqs, keeps what has become of deliveries.
 *
 *  It knows by heart the row of each partition and the number of each subscription; after a
 *  commit that failed it reads them again.
 */
#ifndef SQLITE_WRITER_H
#define SQLITE_WRITER_H

#include "broker/store/sqlite_connection.h"
#include "broker/store/sqlite_numbers.h"
#include "broker/store/store.h"

typedef struct {
    connection_t connection;
    int32_t partition_count;
    struct writer_partition {
        int64_t first_seq, last_seq, level_seq;
        bool is_changed;  //  in the commit under way
    } * partitions;
    numbers_t numbers;
    bool is_sweeping;     //  table gone is not empty
    bool is_giving_back;  //  there may be pages to spare
    stored_t *verdicts;   //  of the commit under way, given out when it is on disk
    size_t room;          //  for so many verdicts
} writer_t;

/*  With an open connection to a settled file, which it takes; closed by writer_close even when this
 *  fails.
 */
status_t writer_open (writer_t *self, problem_t *problem);
void writer_close (writer_t *self);  //  safe on a zero writer

/*  As store.h says of commit. After STORE_FAILED, none of its memory is right any more. */
status_t writer_commit (writer_t *self, const batch_t *batch, stored_t *stored, problem_t *problem);

//  One that a change or an event names.
struct writer_partition *writer_partition (const writer_t *self, int32_t partition);

//  Inside of a commit, in SQLite's codes: sqlite_change.c.
int writer_change (writer_t *self, const change_t *change);
int writer_count (writer_t *self, const change_t *change);  //  sqlite_counts.c
int writer_keep_token (writer_t *self, const token_t *token);
int writer_sweep (writer_t *self);                       //  one step; for commits while is_sweeping
int writer_give_back (writer_t *self, bool is_awaited);  //  for commits while is_giving_back

//  Likewise: sqlite_trim.c. Whether the log has an event, and what of it is to go when nothing holds
//  it any more below first_seq.
int writer_trim (writer_t *self, const change_t *change);
int writer_look_for (const writer_t *self, int64_t place, bool *is_there);
int writer_let_go (writer_t *self, int64_t place, bool *has_left);

#endif
