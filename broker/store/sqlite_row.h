/*  sqlite_row – values into a statement and out of its rows, in the order of their columns, under
 *  a seal.
 *
 *  SQLite notices damage to the shape of its file, not to what is in it. So the last column of each
 *  row is a hash of the others and of the table's name: a row that reads back otherwise than it was
 *  written is damage, never a fact. Writer and reader name the columns in the same order; the seal
 *  is what holds them to it.
 */
#ifndef SQLITE_ROW_H
#define SQLITE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    sqlite3_stmt *statement;
    int index;      //  of the next parameter, from 1, or of the next column, from 0
    uint64_t seal;  //  of what went before
    bool is_whole;  //  nothing was missing so far
} row_t;

//  Parameters of a statement. What they point to stays until the statement has run.
row_t row_to (sqlite3_stmt *statement, const char *table);
void row_put_int (row_t *self, int64_t value);
void row_put_text (row_t *self, const char *text);
void row_put_blob (row_t *self, const void *bytes, size_t size);
void row_put_seal (row_t *self);  //  last

//  Columns of the row a statement is at. What they point to lives until the next step.
row_t row_from (sqlite3_stmt *statement, const char *table);
int64_t row_int (row_t *self);
const char *row_text (row_t *self);  //  never NULL
const void *row_blob (row_t *self, size_t *size);
bool row_is_sealed (row_t *self);  //  last: no: nothing of this row is to be believed

#endif
