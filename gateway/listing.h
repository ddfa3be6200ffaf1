/*  listing – the parameters of a list (_limit, _token, filters), and its pages (Next-Page). */
#ifndef LISTING_H
#define LISTING_H

#include "gateway/answer.h"
#include "gateway/call.h"
#include "gateway/query.h"

enum { LISTING_FILTERS = 6 };

typedef struct {
    int64_t limit;
    char token [QUERY_VALUE_SIZE];  //  where the page before ended; "" for the first page
    struct {
        char name [QUERY_NAME_SIZE], value [QUERY_VALUE_SIZE];
    } filters [LISTING_FILTERS];  //  those that were given
    size_t count;
} listing_t;

//  known: filters that may be given, separated by blanks. BAD_PARAMETER for anything else.
status_t listing_read (listing_t *self, request_t *request, const char *known, problem_t *problem);

//  As arguments: limit and after; and the filters but one as texts of an object `filter`, if there are
//  any.
void listing_add_page (const listing_t *self, call_t *call);
void listing_add_filter (const listing_t *self, const char *but, call_t *call);
const char *listing_filter (const listing_t *self, const char *name);  //  NULL: it was not given

//  One as an argument of its name, if it was given.
void listing_add_text (const listing_t *self, const char *name, call_t *call);

//  Does the call and ends it: {"data": …}, with Total-Objects if the broker counts them and Next-Page
//  if there is one.
status_t listing_answer (const listing_t *self, request_t *request, answer_t *answer, call_t *call,
                         problem_t *problem);

//  A whole number above least - 1, of at most 18 digits.
status_t listing_number (const char *name, const char *value, int64_t least, int64_t *number,
                         problem_t *problem);

#endif
