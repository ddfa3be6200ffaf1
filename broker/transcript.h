/*  transcript – the last inputs of the core, kept to be written down when an ASSERT fails.
 *
 *  They are kept as they come, without formatting: one costs a few nanoseconds. The lines are
 *  those of the core's plays, as far as an input can be told in one.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stdio.h>

#include "broker/core/core.h"

typedef struct transcript transcript_t;

//  folder: where crash-….txt is written when an ASSERT fails; "" for stderr alone. Copied. One at a
//  time is the process's: the one made last.
transcript_t *transcript_new (const char *folder);
void transcript_destroy (transcript_t **self_p);

void transcript_note (transcript_t *self, const input_t *input, int64_t now_ms);
void transcript_write (const transcript_t *self, FILE *file);  //  oldest first

#endif
