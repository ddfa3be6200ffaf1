/*  limits – the settable bounds of everything, with defaults from limits.tbl.
 *
 *  A limits_t is filled once at start and then only read.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdint.h>

#include "proto/model/status.h"

typedef struct {
#define LIMIT(name, standard, unit, most, status, text) int64_t name;
#include "proto/model/limits.tbl"
} limits_t;

limits_t limits_default (void);

/*  Set one by its name. BAD_SETTING when there is none of it, or the value is not in 1 … most. */
status_t limits_set (limits_t *self, const char *name, int64_t value, problem_t *problem);

#endif
