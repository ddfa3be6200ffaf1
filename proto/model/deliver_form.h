/*  deliver_form – `deliver` of a subscription: where to, in which form, with which headers, body and
 *  secret.
 */
#ifndef DELIVER_FORM_H
#define DELIVER_FORM_H

#include "proto/model/form.h"

/*  Reads form->json into form->made; makes a secret where none is given (whsec_ and 32 random bytes
 *  in base64, as Standard Webhooks write them).
 */
status_t deliver_form_read (const form_t *form);

//  What its headers say that a body of its own is; NULL: nothing.
const char *deliver_content_type (const json_t *deliver);

#endif
