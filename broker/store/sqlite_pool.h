/*  sqlite_pool – a few readers, borrowed for a call from any thread, opened when first needed. */
#ifndef SQLITE_POOL_H
#define SQLITE_POOL_H

#include <pthread.h>

#include "broker/store/sqlite_reader.h"

enum { POOL_READERS = 4 };  //  who comes fifth waits for one to be given back

typedef struct {
    const char *path;  //  the caller's
    const limits_t *limits;
    int32_t partitions;
    pthread_mutex_t mutex;  //  of what follows
    pthread_cond_t given_back;
    reader_t readers [POOL_READERS];
    bool is_lent [POOL_READERS];
} pool_t;

void pool_open (pool_t *self, const char *path, int32_t partitions, const limits_t *limits);
void pool_close (pool_t *self);  //  when nothing is lent; safe on a zero pool

//  OWNED (loan) loan_t loan = {.pool = pool}; gives it back at the end of the scope.
typedef struct {
    pool_t *pool;
    reader_t *reader;  //  NULL before loan_take, and when that failed
} loan_t;
status_t loan_take (loan_t *self, problem_t *problem);
void loan_destroy (loan_t *self);

#endif
