/*  sqlite – the store that is one file on the disk (with its WAL, and FILE.lock, beside it).
 *
 *  WAL and synchronous=FULL: what commit has returned survives the machine. Only one process writes;
 *  the sqlite3 command line may look in at any time, as a reader.
 */
#ifndef SQLITE_H
#define SQLITE_H

#include "broker/store/store.h"

/*  As store_open says. path is taken as it is written: no %-escapes, no parameters. */
store_t *sqlite_store_new (const char *path, int32_t partitions, const limits_t *limits,
                           problem_t *problem);

#endif
