/*  shrink – what is left of a life that goes wrong when everything is left out without which it goes
 *  wrong in the same way: delta debugging over its deeds.
 */
#ifndef SHRINK_H
#define SHRINK_H

#include "tests/sim/life.h"

//  Lives a life in a new world of a seed. What went wrong, free () it; NULL: nothing.
typedef char *shrink_live_t (const life_t *life, uint64_t seed);

/*  A shorter life that goes wrong as this one does; the caller's. NULL: this one does not go wrong.
 *  Whoever leaves something out changes the weather for the rest: a few other seeds of it are tried
 *  as well, and *seed is the one under which the shorter life goes wrong.
 */
life_t *shrink (const life_t *life, uint64_t *seed, shrink_live_t *live);

//  Whether two verdicts are of one kind: the same but for numbers and names of events, workers …
bool shrink_is_same_kind (const char *a, const char *b);

#endif
