/*  pattern – dotted types and slashed subjects: `*` is one segment, `**` any number, none included.
 *
 *  Wildcards stand for whole segments: `kinto.rec*` is refused. Matching takes time linear in the
 *  text for each `**`, never exponential.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/model/status.h"

typedef struct pattern pattern_t;

/*  separator '.' or '/'. NULL and a problem (BAD_MATCH) when it is no pattern. `name` is the field
 *  it came from, for the sentence.
 */
pattern_t *pattern_new (const char *text, char separator, const char *name, problem_t *problem);
void pattern_destroy (pattern_t **self_p);

bool pattern_matches (const pattern_t *self, const char *text);
bool pattern_is_literal (const pattern_t *self);  //  no wildcard: it equals, or it does not
const char *pattern_text (const pattern_t *self);

//  Bytes at the start of the pattern's text that every match starts with: whole segments, with their
//  separators as far as each match has them (a.* has `a.`, a.** only `a`). All of it when literal.
size_t pattern_literal_bytes (const pattern_t *self);

#endif
