/*  sqlite_lock – FILE.lock beside the store: one process writes, and says who it is.
 *
 *  The lock is the kernel's, so it ends with the process however that ends; the file stays, and the
 *  words in it are only for the sentence that the next one reads.
 */
#ifndef SQLITE_LOCK_H
#define SQLITE_LOCK_H

#include "proto/model/status.h"

/*  *lock is a descriptor. STORE_LOCKED (by whom), or SYSTEM: no such directory, not writable. */
status_t lock_take (const char *path, int *lock, problem_t *problem);
void lock_give_back (int lock);

#endif
