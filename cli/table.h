/*  table – text in columns, each as wide as its widest cell.
 *
 *  What comes from others is shown as text: control characters, which a terminal would obey, are
 *  question marks.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct table table_t;

table_t *table_new (const char *columns);  //  a letter each: l for texts, r for numbers
void table_destroy (table_t **self_p);     //  safe on NULL

//  The next cell, row by row; copied.
void table_add (table_t *self, const char *text);
void table_add_number (table_t *self, int64_t number);
size_t table_rows (const table_t *self);

//  A row as a line, of at most `width` characters; 0: as long as it is. free () it.
char *table_line (const table_t *self, size_t row, size_t width);
void table_print (const table_t *self, FILE *out, size_t width);

#endif
