/*  writer – the thread that writes the store: everything that waits goes into the next commit.
 *
 *  Tickets are gathered by the broker's thread and handed over once a turn, so that a turn costs
 *  one lock. What became of them comes back in order, with a ring of the bell. After a
 *  WRITTEN_NOT_PERSISTED it writes no ticket until writer_resume.
 */
#ifndef WRITER_H
#define WRITER_H

#include "broker/store/store.h"
#include "broker/ticket.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"

typedef struct writer writer_t;

typedef struct {
    store_t *store;            //  borrowed, as all the rest
    const int64_t *last_seqs;  //  of each partition; copied
    int32_t partitions;
    metrics_t *metrics;
    bell_t *bell;  //  of the thread that takes the results
} writer_settings_t;

typedef struct written {
    enum { WRITTEN_PERSISTED, WRITTEN_NOT_PERSISTED, WRITTEN_TOKEN } kind;
    uint64_t ticket;      //  PERSISTED: up to this one; NOT_PERSISTED: from this one on
    verdict_t *verdicts;  //  PERSISTED: ours
    size_t verdict_count;
    uint64_t call;      //  TOKEN: who asked
    problem_t problem;  //  NOT_PERSISTED, TOKEN; OK when a token is stored
    struct written *prev, *next;
} written_t;

writer_t *writer_new (const writer_settings_t *settings);
void writer_destroy (writer_t **self_p);  //  first writes what it was handed

//  For the broker's thread alone. What a ticket points to must last until its result is taken.
void writer_add (writer_t *self, const ticket_t *ticket);
void writer_add_token (writer_t *self, uint64_t call, const token_t *token);  //  copied
void writer_hand_over (writer_t *self);                                       //  once a turn

written_t *writer_take (writer_t *self);  //  the oldest result, the caller's; NULL: none
void written_destroy (written_t **self_p);

//  Drops every ticket that was added before, and writes again. After NOT_PERSISTED, before the
//  core is told.
void writer_resume (writer_t *self);

#endif
