/*  nearest – the known word that somebody probably meant, for "did you mean". */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/*  The word of fewest changes (a letter added, lost, replaced, or two swapped) to what was written.
 *
 *  words    count of them; a borrowed one is returned
 *  returns  NULL when none is near: more than a third of its letters would have to change
 */
const char *nearest_word (const char *written, const char *const *words, size_t count);

#endif
