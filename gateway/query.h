/*  query – the parameters behind the question mark of a URL, one after the other. */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>

enum { QUERY_NAME_SIZE = 64, QUERY_VALUE_SIZE = 1032 };  //  with the final zero

typedef struct {
    const char *rest;  //  not read yet; NULL: there is no query
    char name [QUERY_NAME_SIZE];
    char value [QUERY_VALUE_SIZE];
    bool is_bad;  //  one is too long, or no percent-encoding
} query_t;

//  `query` may be NULL. Then query_next until false.
void query_start (query_t *self, const char *query);
bool query_next (query_t *self);

//  Percent-decoded, with a final zero. False: too long, half an escape, or a zero in it.
bool query_decode (const char *at, size_t size, char *out, size_t room);

#endif
