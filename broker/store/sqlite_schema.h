/*  sqlite_schema – the tables of the file, their version, and how an older file becomes a new one.
 *
 *  An empty file is version 0: making a store is its first migration. Every step runs in one
 *  transaction with the number it leads to.
 */
#ifndef SQLITE_SCHEMA_H
#define SQLITE_SCHEMA_H

#include <stdint.h>

#include "broker/store/sqlite_connection.h"

enum {
    SCHEMA_VERSION = 2,                 //  PRAGMA user_version
    SCHEMA_APPLICATION_ID = 0x5463736e  //  PRAGMA application_id: "Tcsn"
};

//  Columns of event that are behind its seal.
#define SCHEMA_CAUSATION "causation TEXT NOT NULL DEFAULT ''"
#define SCHEMA_ROOT      "root TEXT NOT NULL DEFAULT ''"
#define SCHEMA_VIA       "via TEXT NOT NULL DEFAULT ''"
#define SCHEMA_HOPS      "hops INTEGER NOT NULL DEFAULT 0"

/*  Makes the file a store of our version: new ones of so many partitions, older ones migrated.
 *    STORE_NEWER    of a later version: left alone
 *    STORE_DAMAGED  somebody else's file, or tables that are not as we made them
 */
status_t schema_settle (connection_t *connection, int32_t partitions, problem_t *problem);

//  For migrations (sqlite_migrate.c). Makes a table or index of our version, in SQLite's codes.
int schema_make (const connection_t *connection, const char *name);
//  Whether a table or index {name, text} is there just so, and whether one of SQLite's checks of a
//  table finds it whole: STORE_DAMAGED if not.
status_t schema_check_object (const connection_t *connection, const char *const object [2],
                              problem_t *problem);
status_t schema_look_through (const connection_t *connection, const char *name, const char *look,
                              problem_t *problem);

#endif
