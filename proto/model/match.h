/*  match – which events a subscription wants: type, subject, phase, whose action made them, and the
 *  shape of the data.
 *
 *  match.data has the shape of the data: an array lists the accepted values; {"prefix": "x"},
 *  {"suffix": "x"}, {"exists": false}, {"anything-but": […]}, {"numeric": [">", 3]} test them (the
 *  form of Amazon EventBridge). The data is parsed once for an event, however many ask: match_data_t.
 *
 *  What Tocsin tells of itself, events of type tocsin.…, is matched only by a type that begins so, or
 *  by who asks for the results of a subscription: who wants "everything" means what happened in the world.
 */
#ifndef MATCH_H
#define MATCH_H

#include <jansson.h>

#include "proto/model/event.h"
#include "proto/model/pattern.h"

typedef struct match match_t;

/*  From the `match` object of a subscription. Absent members match everything, phase `post`. NULL
 *  and a problem (BAD_MATCH, with the path in name) otherwise.
 */
match_t *match_new (const json_t *match, const limits_t *limits, problem_t *problem);
void match_destroy (match_t **self_p);

const pattern_t *match_type (const match_t *self);     //  NULL: any
const pattern_t *match_subject (const match_t *self);  //  NULL: any
const char *match_via (const match_t *self);           //  NULL: any, and none
bool match_wants_data (const match_t *self);
phase_t match_phase (const match_t *self);  //  PHASE_PRE: it wants questions, and nothing else

/*  The data of one event, parsed when first asked for. Zero-initialise with the event; clear it
 *  after. Data that is not JSON matches no data pattern.
 */
typedef struct {
    const event_t *event;
    json_t *parsed;   //  ours
    bool was_parsed;  //  parsed may be NULL even then
} match_data_t;
void match_data_clear (match_data_t *data);
bool match_type_is_json (const char *content_type);
const json_t *match_data_json (match_data_t *data);  //  NULL: it is no JSON, or not said to be

//  Which part said no; MATCH_YES when none did.
typedef enum {
    MATCH_YES,
    MATCH_NO_PHASE,
    MATCH_NO_TYPE,
    MATCH_NO_SUBJECT,
    MATCH_NO_VIA,
    MATCH_NO_DATA
} match_answer_t;
match_answer_t match_asks (const match_t *self, match_data_t *data);

/*  The same in words: the part that said no, as "match.data.new.status" in name, and why in text. Its
 *  status says nothing. Untouched when none did.
 */
match_answer_t match_explain (const match_t *self, match_data_t *data, problem_t *why);

#endif
