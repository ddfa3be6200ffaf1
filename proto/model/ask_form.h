/*  ask_form – the parts of a subscription that have somebody wait for it: ask, of one that answers
 *  questions, and reply.
 */
#ifndef ASK_FORM_H
#define ASK_FORM_H

#include "proto/model/form.h"

enum { ASK_TIMEOUT_MS = 2000, ASK_TIMEOUT_MOST_MS = 60000 };

/*  Each reads its member of form->json into form->made. `ask` is for a match of phase pre, which then
 *  has it with its defaults, `reply` for all others.
 */
status_t ask_form_read (const form_t *form);
status_t ask_form_reply (const form_t *form);

#endif
