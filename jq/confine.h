/*  confine – gives up everything that evaluating needs not: files, network, processes, memory. */
#ifndef CONFINE_H
#define CONFINE_H

#include <stdbool.h>

//  For good. False: the system cannot do it, and nothing may be evaluated.
bool confine (void);

#endif
