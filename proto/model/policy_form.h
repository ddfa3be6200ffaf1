/*  policy_form – the parts of a subscription that say how it is delivered: retry, limits, breaker. */
#ifndef POLICY_FORM_H
#define POLICY_FORM_H

#include "proto/model/form.h"

/*  Each reads its member of form->json into form->made, with its defaults. They stand in
 *  docs/subscriptions.md.
 */
status_t policy_form_retry (const form_t *form);
status_t policy_form_limits (const form_t *form);
status_t policy_form_breaker (const form_t *form);

#endif
