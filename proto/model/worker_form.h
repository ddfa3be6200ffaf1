/*  worker_form – what a document says of workers: which may have its deliveries, `worker.labels`, and which
 *  brought it, `brought`.
 */
#ifndef WORKER_FORM_H
#define WORKER_FORM_H

#include "proto/model/form.h"

status_t worker_form_read (const form_t *form);
status_t worker_form_brought (const form_t *form);

//  The set of what was read, "" for none; free () it.
char *worker_form_labels (const json_t *document);

#endif
