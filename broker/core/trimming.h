/*  trimming – the beginning of the log goes, a stretch at a time, as far as nobody needs it. */
#ifndef TRIMMING_H
#define TRIMMING_H

#include "broker/core/state.h"

void trimming_trim (core_t *core, const input_t *input);
void trimming_go (core_t *core);                              //  the next stretches
void trimming_done (core_t *core, const pending_t *pending);  //  one of its stretches is on disk

#endif
