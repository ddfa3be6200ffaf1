/*  reader – the thread that reads the store: pages of the log, and what somebody looks up.
 *
 *  A MATCH is one page too, so that it never keeps those waiting who must catch up with the log.
 *  Questions are answered in the order in which they were asked. The answer is the question, filled
 *  in, taken by the thread whose bell it rings.
 */
#ifndef READER_H
#define READER_H

#include "broker/tree.h"
#include "daemon/loop.h"

typedef struct reader reader_t;

enum {
    QUERIES_MOST = 10000,  //  that wait; more of those that a peer can cause are refused
    QUERY_TEXT_SIZE = 250  //  an id of a subscription or a replay fits
};

typedef bool wants_t (const void *wanted, match_data_t *data);

typedef struct query {
    enum {
        QUERY_PAGE,
        QUERY_MATCH,
        QUERY_FEED,  //  as MATCH, for workers that catch up
        QUERY_HISTORY,
        QUERY_TREE,
        QUERY_EXCEPTIONS,
        QUERY_COUNTS,
        QUERY_SEQS,
        QUERY_TOKEN,
        QUERY_TOKENS,
        QUERY_WEIGH,
        QUERY_DEAD
    } kind;
    uint64_t number;  //  of the READ, or of the call

    int32_t partition;                 //  PAGE and MATCH: the question. SEQS: how many there are
    int64_t above_seq;                 //
    size_t limit_bytes, limit_events;  //
    int64_t up_to_seq;                 //  MATCH: no event above this one
    wants_t *wants;                    //  MATCH: only these, in the reader's thread
    const void *wanted;                //  MATCH: handed to wants; whoever asks keeps it alive
    char text [QUERY_TEXT_SIZE];       //  HISTORY, TREE: an event's id; TOKEN: a hash;
                                       //  EXCEPTIONS and COUNTS: a subscription's id
    const char *from;                  //  COUNTS: the first key, with limit_events; whoever asks
                                       //  keeps it alive
    exception_state_t state;           //  EXCEPTIONS, with the limits of PAGE
    list_place_t after;                //
    int64_t times_ms [2];              //  SEQS: the last seq before each, in all partitions
    int64_t before_ms;                 //  WEIGH; DEAD, with limit_events
    int64_t bytes_most [2];            //  WEIGH

    problem_t problem;     //  the answer; OK, or why there is none
    page_t *page;          //  PAGE; MATCH, those of it that match; ours
    size_t looked_at;      //  MATCH: events of the page before it was asked
    int64_t reached;       //  MATCH: the seq that was looked at last; up_to_seq when none is left
    int64_t first;         //  MATCH: where the log began when it was read, if after above_seq
    history_t *history;    //  HISTORY; ours
    tree_t *tree;          //  TREE; ours
    listing_t *listing;    //  EXCEPTIONS and DEAD; ours
    counts_t *counts;      //  COUNTS; ours
    int64_t *seqs;         //  SEQS: those before the first time by partition, then those before the
                           //  second; ours
    weight_t weights [2];  //  WEIGH: by before_ms and the first of bytes_most; by the second
    bool has_token;        //  TOKEN: there is one
    token_t token;         //  TOKEN; ours
    token_t *tokens;       //  TOKENS; ours
    size_t token_count;    //
    struct query *prev, *next;
} query_t;

reader_t *reader_new (store_t *store, bell_t *bell);  //  both borrowed
void reader_destroy (reader_t **self_p);              //  what was not answered is forgotten

void reader_ask (reader_t *self, const query_t *question);  //  copied
size_t reader_waiting (reader_t *self);                     //  questions not answered yet

query_t *reader_take (reader_t *self);  //  the oldest answer, the caller's; NULL: none
void query_destroy (query_t **self_p);

#endif
