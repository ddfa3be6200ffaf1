/*  subscription_form – the document of a subscription, checked and completed.
 *
 *  What we do not know is refused, never ignored: a policy that was misspelt would not hold.
 */
#ifndef SUBSCRIPTION_FORM_H
#define SUBSCRIPTION_FORM_H

#include <jansson.h>

#include "proto/model/limits.h"

/*  The document with all its defaults, an id and a secret; the caller's. `match` is taken over as it
 *  is: match_new checks it. NULL and a problem (BAD_SUBSCRIPTION or TOO_LARGE) otherwise.
 */
json_t *subscription_form_read (const json_t *document, const limits_t *limits, problem_t *problem);

#endif
