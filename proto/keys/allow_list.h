/*  allow_list – whose keys a broker takes: the files NAME.public of a directory.
 *
 *  Each key has a number that is never given twice, also not to the same key after it was gone or
 *  has another role: what was let in under a number is judged by whether the number is still there.
 */
#ifndef ALLOW_LIST_H
#define ALLOW_LIST_H

#include <stdint.h>

#include "proto/keys/node_key.h"

typedef struct allow_list allow_list_t;

typedef struct {
    uint64_t number;  //  from 1
    node_key_t key;
} allowed_t;

typedef struct {
    size_t keys;      //  that are there now
    size_t added;     //  since the last reading, changed ones counted in both
    size_t removed;   //
    size_t faults;    //  files that were passed over
    problem_t fault;  //  the first of them
} allow_changes_t;

/*  Empty but for the broker's own key, which is always allowed. */
allow_list_t *allow_list_new (const char *directory, const node_key_t *own);
void allow_list_destroy (allow_list_t **self_p);

/*  Reads the directory anew. SYSTEM: it cannot be read; the list stays as it was. A file that is
 *  none of ours allows nobody.
 */
status_t allow_list_read (allow_list_t *self, allow_changes_t *changes, problem_t *problem);

//  NULL: not allowed. public_key may be NULL.
const allowed_t *allow_list_find (const allow_list_t *self, const char *public_key);
bool allow_list_has (const allow_list_t *self, uint64_t number);
const node_key_t *allow_list_key (const allow_list_t *self, uint64_t number);  //  NULL: it is gone
const char *allow_list_directory (const allow_list_t *self);

#endif
