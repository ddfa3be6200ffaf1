/*  badge – the labels of this worker, as worker/labels says them. */
#ifndef BADGE_H
#define BADGE_H

#include "daemon/settings.h"

typedef struct badge badge_t;

//  NULL and a problem (BAD_SETTING) for one that is no label.
badge_t *badge_new (const settings_t *settings, problem_t *problem);
void badge_destroy (badge_t **self_p);  //  safe on NULL

//  NAME=VALUE each; *count is set.
const char *const *badge_labels (const badge_t *self, size_t *count);

#endif
