#include "cli/table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/model/utf8.h"

enum { GAP = 2 };  //  blanks between two columns

struct table {
    char *columns;   //  ours, as are the cells
    size_t *widths;  //  of each column, in characters
    size_t column_count;
    char **cells;
    size_t count, room;
};

table_t *
table_new (const char *columns)
{
    table_t *self = ALLOCATE (table_t);
    self->columns = allocate_copy (columns);
    self->column_count = strlen (columns);
    self->widths = (size_t *)allocate (self->column_count, sizeof *self->widths);
    return self;
}

void
table_destroy (table_t **self_p)
{
    table_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free (self->cells [i]);
    free (self->cells);
    free (self->widths);
    free (self->columns);
    free (self);
    *self_p = NULL;
}

size_t
table_rows (const table_t *self)
{
    return self->count / self->column_count;
}

//  Characters of a text that has been made printable.
static size_t
text_width (const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

//  What is no character, or a control character, becomes a question mark; in place.
static void
make_printable (char *text)
{
    char *to = text;
    for (size_t size = strlen (text), used; size > 0; text += used, size -= used) {
        size_t character = utf8_character (text, size);
        used = character > 0 ? character : 1;
        if (character == 0 || utf8_is_control (text, used)) {
            *to++ = '?';
            continue;
        }
        memmove (to, text, used);
        to += used;
    }
    *to = 0;
}

void
table_add (table_t *self, const char *text)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 64;
        self->cells = (char **)allocate_again (self->cells, self->room, sizeof *self->cells);
    }
    char *cell = allocate_copy (text);
    make_printable (cell);
    size_t *width = &self->widths [self->count % self->column_count];
    if (text_width (cell) > *width)
        *width = text_width (cell);
    self->cells [self->count++] = cell;
}

void
table_add_number (table_t *self, int64_t number)
{
    char text [24];
    snprintf (text, sizeof text, "%" PRId64, number);
    table_add (self, text);
}

//  So many characters of a text, in bytes.
static size_t
text_bytes (const char *text, size_t width)
{
    size_t size = 0;
    while (text [size]) {
        if (((unsigned char)text [size] & 0xC0) != 0x80 && width-- == 0)
            break;
        size++;
    }
    return size;
}

static void
print_blanks (FILE *out, size_t count)
{
    fprintf (out, "%*s", (int)count, "");
}

//  One row as a line, which is not cut yet.
static void
print_row (const table_t *self, char *const *cells, FILE *out)
{
    for (size_t i = 0; i < self->column_count; i++) {
        size_t blanks = self->widths [i] - text_width (cells [i]);
        bool is_last = i + 1 == self->column_count;
        if (self->columns [i] == 'r')
            print_blanks (out, blanks);
        fputs (cells [i], out);
        if (self->columns [i] != 'r' && !is_last)
            print_blanks (out, blanks);
        if (!is_last)
            print_blanks (out, GAP);
    }
}

char *
table_line (const table_t *self, size_t row, size_t width)
{
    char *line = NULL;
    size_t size = 0;
    FILE *drawn = open_memstream (&line, &size);
    print_row (self, self->cells + row * self->column_count, drawn);
    fclose (drawn);
    size = width > 0 ? text_bytes (line, width) : size;
    while (size > 0 && line [size - 1] == ' ')
        size--;
    line [size] = 0;
    return line;
}

void
table_print (const table_t *self, FILE *out, size_t width)
{
    for (size_t row = 0; row < table_rows (self); row++) {
        OWNED (text) char *line = table_line (self, row, width);
        fprintf (out, "%s\n", line);
    }
}
