/*  traces – what the store knows of one event, by subscription: exceptions and attempts. */
#ifndef TRACES_H
#define TRACES_H

#include <uthash.h>

#include "broker/store/store.h"

typedef struct {
    const char *subscription;       //  borrowed, as all that it points to, from the history
    const exception_t *exception;   //  NULL: none
    const attempt_row_t *attempts;  //  by number
    size_t attempt_count;
    UT_hash_handle hh;
} trace_t;

//  Of an event that was skipped for a later one of its burst: the id of that; NULL otherwise.
const char *trace_coalesced (const trace_t *self);

typedef struct {
    trace_t *list;
    size_t count;
    trace_t *by_subscription;
} traces_t;

//  The history is borrowed until traces_clear.
void traces_fill (traces_t *self, const history_t *history);
void traces_clear (traces_t *self);
const trace_t *traces_find (const traces_t *self, const char *subscription);  //  NULL: no trace

#endif
