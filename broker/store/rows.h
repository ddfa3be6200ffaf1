/*  rows – what goes into a store, and what it hands out. */
#ifndef ROWS_H
#define ROWS_H

#include "proto/model/event.h"
#include "proto/model/record.h"

typedef struct {
    enum { STORED_NEW, STORED_DUPLICATE, STORED_ID_TAKEN } kind;
    int64_t seq;  //  its own, or that of the first with this id
} stored_t;

//  What goes into one commit, all or nothing. Events are of one or more partitions.
typedef struct {
    event_t *const *events;  //  partition and accepted_ms set, seq not
    size_t event_count;
    const change_t *changes;  //  in order; a later one of the same row wins
    size_t change_count;
    const struct token *tokens;  //  made (scopes not NULL) or revoked
    size_t token_count;
} batch_t;

typedef struct token {
    const char *id;      //  shown: "t_…"
    const char *hash;    //  hex of BLAKE2b-256 of the token; what is looked up
    const char *name;    //  somebody's words
    const char *scopes;  //  separated by blanks; NULL: this id is revoked
    int64_t created_ms;
} token_t;

//  Events read, or rows about them. Ours until destroyed; what it points to lives as long.
typedef struct {
    event_t **events;
    size_t count;
} page_t;
void page_destroy (page_t **self_p);

/*  Where the log began when a page of it was read that is to have all events after above_seq up to
 *  up_to_seq, or the first of them: what is missing there has left it. After above_seq, if nothing is.
 *  Trimming goes on while somebody reads: what was known before the read may be old.
 */
int64_t page_first_seq (const page_t *self, int64_t above_seq, int64_t up_to_seq);

typedef struct {
    const char *subscription;
    exception_t exception;
} exception_row_t;
typedef struct {
    const char *subscription;
    attempt_t attempt;
} attempt_row_t;

//  All that is kept of one event: for GET /v1/events/{id}.
typedef struct {
    event_t *event;
    exception_row_t *exceptions;
    size_t exception_count;
    attempt_row_t *attempts;  //  by subscription, then number
    size_t attempt_count;
} history_t;
void history_destroy (history_t **self_p);

//  Everything a broker starts from, but the events: subscriptions, and a row per subscription and
//  partition with its exceptions (all but the dead, which are counted).
typedef struct {
    subscription_t **subscriptions;
    size_t subscription_count;
    struct partition_row {
        int64_t first_seq;  //  of what is kept without gaps; last_seq + 1 when nothing is
        int64_t last_seq, level_seq;
    } * partitions;  //  as many as the store was made with
    int32_t partition_count;
    struct progress_row {
        const char *subscription;
        int32_t partition;
        progress_t progress;
        bool is_quiet;
        size_t dead_count;
        exception_at_t *exceptions;  //  by seq; all but the dead
        size_t exception_count;
    } * progresses;
    size_t progress_count;
    struct health_row {
        const char *subscription;
        health_t health;
    } * healths;  //  of those that have one
    size_t health_count;
} inventory_t;
void inventory_destroy (inventory_t **self_p);

//  Where in a list of exceptions: after this one. {-1, 0}: from the beginning.
typedef struct {
    int32_t partition;
    int64_t seq;
} list_place_t;

//  Exceptions of one subscription, or of all, each with its event and its last attempt.
typedef struct {
    struct listed_row {
        const char *subscription;
        int32_t partition;
        exception_at_t at;
        event_t *event;     //  NULL: the log has it no more
        attempt_t attempt;  //  number 0: none was kept
    } * rows;               //  by partition and seq, or (list_dead) by the time they died
    size_t count;
} listing_t;
void listing_destroy (listing_t **self_p);

//  What a subscription has counted, by key in the order of bytes.
typedef struct {
    struct count_row {
        char *key;
        int64_t count;
    } * rows;
    size_t count;
} counts_t;
void counts_destroy (counts_t **self_p);

//  What retention wants to know of a partition.
typedef struct {
    int64_t first_seq, last_seq;
    int64_t age_seq;    //  events up to here were accepted before the time asked for; 0: none
    int64_t bytes_seq;  //  when each partition gives up as large a part of its events as this is of
                        //  these, the store has about the size asked for; 0: it has
    int64_t bytes;      //  the store takes now, of all partitions, without
    int64_t spare_bytes;      //  what it can use again
    int64_t disk_free_bytes;  //  of its file system; 0: it has none
} weight_t;

void token_clear (token_t *token);
void token_array_free (token_t *tokens, size_t count);

#endif
