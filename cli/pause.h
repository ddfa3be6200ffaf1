/*  pause – what pause and resume share. */
#ifndef PAUSE_H
#define PAUSE_H

#include "cli/named.h"

//  POSTs to the subscription's path and suffix; says "ID SAID".
int pause_or_resume (named_t *self, const char *suffix, const char *said);

#endif
