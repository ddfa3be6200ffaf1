/*  opinion – a worker's answer to a question: allow or deny, why, and what of the object is to change.
 *
 *      {"decision": "deny", "reason": "a title is needed"}
 *      {"decision": "allow", "object": {"title": "trimmed", "draft": null}}
 *
 *  `object` is a JSON Merge Patch (RFC 7396) of the object that was asked about: members to set, and
 *  null for those to take away. Patches compose without the object at hand, so that the answers of
 *  several become one.
 */
#ifndef OPINION_H
#define OPINION_H

#include <jansson.h>

#include "proto/model/status.h"

enum { OPINION_REASON_MOST = 1024 };  //  bytes; what is longer is cut at a character

typedef enum { DECISION_ALLOW, DECISION_DENY } decision_t;
const char *decision_name (decision_t decision);  //  "allow"

typedef struct {
    decision_t decision;
    char *reason;    //  ours; NULL: none was given
    json_t *object;  //  ours; NULL: nothing is to change
} opinion_t;

/*  From the result of an action that went well. An empty one has nothing against it: allow. Anything
 *  else is a JSON object with decision, and perhaps reason and object; other members are passed over.
 *  BAD_REQUEST and a sentence otherwise, and the opinion is left alone.
 */
status_t opinion_read (opinion_t *self, const char *result, problem_t *problem);
void opinion_clear (opinion_t *self);  //  safe on a zero one, and twice

/*  One more answer to the same question, in the order of subscriptions: the first that denies decides,
 *  with its reason; the changes of those that allow are applied one after another, so that a later
 *  one wins where two set the same member. Of a denial no object is kept.
 */
void opinion_join (opinion_t *self, const opinion_t *other);

#endif
