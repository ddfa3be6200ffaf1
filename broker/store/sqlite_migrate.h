/*  sqlite_migrate – how a file of an older version becomes one of ours. */
#ifndef SQLITE_MIGRATE_H
#define SQLITE_MIGRATE_H

#include "broker/store/sqlite_connection.h"

/*  Inside of a transaction, which is the caller's to end. Each row is checked against its seal before
 *  it is written anew: STORE_DAMAGED names the table of one that is not whole.
 */
status_t migrate_from_1 (const connection_t *connection, problem_t *problem);

#endif
