/*  redriving – dead letters are tried again, or given up for good. */
#ifndef REDRIVING_H
#define REDRIVING_H

#include "broker/core/state.h"

void redriving_redrive (core_t *core, const input_t *input);
void redriving_discard (core_t *core, const input_t *input);

#endif
