/*  burst_form – the parts of a subscription that say how events go together: batch and coalesce. */
#ifndef BURST_FORM_H
#define BURST_FORM_H

#include "proto/model/form.h"

/*  Reads both into form->made, with their defaults; nothing when they are missing. The action, deliver
 *  and order are there already. A subscription that coalesces and keeps all has a batch, whether it
 *  asks for it or not. docs/subscriptions.md has the defaults.
 */
status_t burst_form_read (const form_t *form);

#endif
