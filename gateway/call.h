/*  call – one question or order to the broker (CALL), and what its REPLY holds. */
#ifndef CALL_H
#define CALL_H

#include "gateway/request.h"

typedef struct {
    request_t *request;
    errand_t errand;
    bytes_t *arguments;  //  the desk's

    //  Of the reply, until call_end. NULL, or no `at`, when it has none of it.
    json_span_t data;       //  verbatim
    int64_t last_modified;  //  of data, when that is an object; -1: none
    bool was_created;
    int64_t total;           //  -1: none
    int64_t reached, first;  //  of event.read
    const char *next, *id, *scopes, *text, *message, *name;
} call_t;

void call_start (call_t *self, request_t *request, const char *method);
void call_add (call_t *self, const char *name, json_span_t json);
void call_add_text (call_t *self, const char *name, const char *text);
void call_add_bytes (call_t *self, const char *name, const void *bytes,
                     size_t size);  //  UTF-8, as a string
void call_add_number (call_t *self, const char *name, int64_t number);
void call_add_members (call_t *self, json_span_t object);  //  an object's, as they stand

/*  Blocks until it is answered. The problem is the broker's, in its own words. An order changes
 *  something: unanswered, it may have been carried out.
 */
status_t call_do (call_t *self, problem_t *problem);
status_t call_order (call_t *self, problem_t *problem);
void call_end (call_t *self);

#endif
