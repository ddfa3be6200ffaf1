/*  luggage – the subscriptions that this worker brings along: the files of worker/subscriptions.
 *
 *  Each NAME.json is one: a document as in POST /v1/subscriptions, with or without the outer `data`, with an
 *  `id`, a `revision` and perhaps `keep`. They are read once, at the start.
 */
#ifndef LUGGAGE_H
#define LUGGAGE_H

#include "daemon/settings.h"

typedef struct luggage luggage_t;

//  NULL and a problem (BAD_SETTING), with file and line, for one that is none.
luggage_t *luggage_new (const settings_t *settings, problem_t *problem);
void luggage_destroy (luggage_t **self_p);  //  safe on NULL

//  JSON of each, by the names of the files; *count is set.
const char *const *luggage_documents (const luggage_t *self, size_t *count);

#endif
