#include "gateway/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/resources.h"

enum { LIST_STANDARD = 100, LIST_MOST = 1000, DIGITS_MOST = 18 };

status_t
listing_number (const char *name, const char *value, int64_t least, int64_t *number,
                problem_t *problem)
{
    size_t size = strlen (value);
    if (size == 0 || size > DIGITS_MOST || strspn (value, "0123456789") != size ||
        atoll (value) < least)
        return problem_at (problem, STATUS_BAD_PARAMETER, name,
                           "%s: a whole number above %lld is expected", name, (long long)least - 1);
    *number = atoll (value);
    return STATUS_OK;
}

//  Whether it is one of the words, which blanks separate.
static bool
is_among (const char *word, const char *words)
{
    size_t size = strlen (word);
    while (*words) {
        size_t next = strcspn (words, " ");
        if (next == size && memcmp (word, words, size) == 0)
            return true;
        words += next + (words [next] == ' ');
    }
    return false;
}

static status_t
listing_take_filter (listing_t *self, const query_t *query, problem_t *problem)
{
    if (listing_filter (self, query->name) || self->count == LISTING_FILTERS)
        return problem_at (problem, STATUS_BAD_PARAMETER, query->name, "%s: it is given twice",
                           query->name);
    strcpy (self->filters [self->count].name, query->name);
    strcpy (self->filters [self->count++].value, query->value);
    return STATUS_OK;
}

static status_t
listing_take (listing_t *self, const query_t *query, const char *known, problem_t *problem)
{
    if (strcmp (query->name, "_limit") == 0) {
        status_t status = listing_number ("_limit", query->value, 1, &self->limit, problem);
        if (status == STATUS_OK && self->limit > LIST_MOST)
            self->limit = LIST_MOST;
        return status;
    }
    if (strcmp (query->name, "_token") == 0) {
        strcpy (self->token, query->value);
        return STATUS_OK;
    }
    if (is_among (query->name, known))
        return listing_take_filter (self, query, problem);
    return problem_at (problem, STATUS_BAD_PARAMETER, query->name,
                       "there is no such parameter; there are _limit, _token%s%s",
                       *known ? " and " : "", known);
}

status_t
listing_read (listing_t *self, request_t *request, const char *known, problem_t *problem)
{
    query_t query;
    *self = (listing_t){.limit = LIST_STANDARD};
    request->location = "querystring";
    query_start (&query, request->info->query_string);
    while (query_next (&query)) {
        status_t status = listing_take (self, &query, known, problem);
        if (status != STATUS_OK)
            return status;
    }
    if (query.is_bad)
        return problem_set (problem, STATUS_BAD_PARAMETER,
                            "the query is too long, or badly encoded");
    return STATUS_OK;
}

const char *
listing_filter (const listing_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->filters [i].name, name) == 0)
            return self->filters [i].value;
    return NULL;
}

void
listing_add_page (const listing_t *self, call_t *call)
{
    call_add_number (call, "limit", self->limit);
    if (self->token [0])
        call_add_text (call, "after", self->token);
}

void
listing_add_filter (const listing_t *self, const char *but, call_t *call)
{
    size_t added = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp (self->filters [i].name, but) == 0)
            continue;
        if (added++ == 0)
            call_add (call, "filter", (json_span_t){"{", 1});
        else
            bytes_add_text (call->arguments, ",");
        bytes_add_json_text (call->arguments, self->filters [i].name);
        bytes_add_text (call->arguments, ":");
        bytes_add_json_text (call->arguments, self->filters [i].value);
    }
    if (added > 0)
        bytes_add_text (call->arguments, "}");
}

//  A value of the query, percent-encoded.
void
listing_add_text (const listing_t *self, const char *name, call_t *call)
{
    const char *value = listing_filter (self, name);
    if (value)
        call_add_text (call, name, value);
}

static void
listing_add_value (bytes_t *url, const char *value)
{
    static const char hex [] = "0123456789ABCDEF";
    for (const char *at = value; *at; at++) {
        unsigned char character = (unsigned char)*at;
        char escaped [3] = {'%', hex [character >> 4], hex [character & 15]};
        bool is_plain = strchr ("-._~", *at) || (character >= '0' && character <= '9') ||
                        ((character | 0x20) >= 'a' && (character | 0x20) <= 'z');
        bytes_add (url, is_plain ? at : escaped, is_plain ? 1 : 3);
    }
}

static void
listing_answer_next (const listing_t *self, request_t *request, answer_t *answer, const char *next)
{
    bytes_t *headers = answer->headers;
    bytes_add_text (headers, "Next-Page: ");
    request_add_origin (request, headers);
    bytes_add_text (headers, request->path);
    bytes_add_text (headers, "?_limit=");
    bytes_add_number (headers, self->limit);
    for (size_t i = 0; i < self->count; i++) {
        bytes_add_text (headers, "&");
        bytes_add_text (headers, self->filters [i].name);
        bytes_add_text (headers, "=");
        listing_add_value (headers, self->filters [i].value);
    }
    bytes_add_text (headers, "&_token=");
    listing_add_value (headers, next);
    bytes_add_text (headers, "\r\n");
}

static void
listing_answer_page (const listing_t *self, request_t *request, answer_t *answer,
                     const call_t *call)
{
    char total [24];
    snprintf (total, sizeof (total), "%lld", (long long)call->total);
    if (call->total >= 0) {
        answer_header (answer, "Total-Objects", total);
        answer_header (answer, "Total-Records", total);
    }
    if (call->next)
        listing_answer_next (self, request, answer, call->next);
    resource_answer_data (answer, call->data);
}

status_t
listing_answer (const listing_t *self, request_t *request, answer_t *answer, call_t *call,
                problem_t *problem)
{
    status_t status = call_do (call, problem);
    if (status == STATUS_OK)
        listing_answer_page (self, request, answer, call);
    call_end (call);
    return status;
}
