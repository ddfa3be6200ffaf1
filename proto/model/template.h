/*  template – a text with slots, `{subject}` or `{/new/title}`, that the facts of an event fill.
 *
 *  A slot names an attribute of the event, or a place in its data by a JSON Pointer; there is no logic
 *  but a default, `{/title|untitled}`. What is put in is escaped for where the template stands, so that
 *  a value never becomes a part of the URL, a second header or other JSON. docs/templates.md is the
 *  grammar. A template is a plain string, kept where it was written and read anew each time.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "proto/model/match.h"

typedef enum {
    TEMPLATE_TEXT,    //  as it is
    TEMPLATE_URL,     //  percent-encoded as a component; {+…} lets / through
    TEMPLATE_PATH,    //  likewise: a part of a URL's path, of which somebody else makes the whole
    TEMPLATE_HEADER,  //  control characters become blanks
    TEMPLATE_JSON,    //  escaped as inside a JSON string, between quotes that the template has
    TEMPLATE_FORM     //  percent-encoded, as in application/x-www-form-urlencoded
} template_place_t;

//  Where a template stands, for whoever checks it.
typedef struct {
    template_place_t place;
    bool has_result;  //  {result} and {result/…} may be named
    const char *at;   //  "deliver.url", for sentences
} template_where_t;

/*  What slots are filled from. The event is that of `data`, which is parsed when a slot asks for it
 *  first: match_data_clear (&facts.data) at the end. subscription: NULL is "".
 */
typedef struct {
    match_data_t data;
    const json_t *result;  //  NULL: there is none
    const char *subscription;
} template_facts_t;

//  How values are escaped in a text of that type; NULL is plain text.
template_place_t template_place_of (const char *content_type);

bool template_has_slots (const char *text);  //  or doubled braces

/*  Whether it is a template: BAD_SUBSCRIPTION, a sentence that says at which byte, and where->at as the
 *  problem's name, when not. One for a URL is a whole one, whose scheme, host and port have no slot.
 */
status_t template_check (const char *text, const template_where_t *where, problem_t *problem);

/*  The text, filled: `size` bytes and a zero behind them, to be freed. An attribute that is "", and a
 *  place that is not there or null, is "" or the slot's default; numbers, true and false are written
 *  as in JSON, and so are objects and arrays.
 *  NULL and a problem: TOO_LARGE for more than `most` bytes; BAD_EVENT for a URL that lacks a part of
 *  its path, or would have a path with "." or ".." in it.
 */
char *template_fill (const char *text, template_place_t place, template_facts_t *facts, size_t most,
                     size_t *size, problem_t *problem);

/*  The same for a JSON document whose strings are templates, wherever they are nested; names of
 *  members are not. A string that is one slot and nothing else becomes the value itself, whatever its
 *  type; null when there is none. most: bytes of JSON. The document is the caller's.
 */
status_t template_check_json (const json_t *document, const template_where_t *where,
                              problem_t *problem);
json_t *template_fill_json (const json_t *document, template_facts_t *facts, size_t most,
                            problem_t *problem);

#endif
