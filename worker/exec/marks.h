/*  marks – the lines of a program's log that say how far it is:
 *
 *      tocsin-progress: 42 compiling      or  42%  or  compiling
 *
 *  They are taken out of the log. What stands behind the number, or everything if there is none in
 *  0 … 100, is words.
 */
#ifndef MARKS_H
#define MARKS_H

#include <stdbool.h>
#include <stddef.h>

enum { MARK_BYTES = 384, MARK_TEXT_SIZE = 257 };

typedef struct {
    char held [MARK_BYTES];  //  of a line that may be one, from its beginning
    size_t held_size;
    bool is_plain;   //  the line in hand is none
    bool is_untold;  //  there was one since somebody looked
    int percent;     //  the last one's: 0 … 100, 0: it says none
    char text [MARK_TEXT_SIZE];
} marks_t;

//  What is no mark goes to rest, which has room for size + MARK_BYTES; how much that is.
size_t marks_take (marks_t *self, const char *bytes, size_t size, char *rest);
//  The log has ended, perhaps within a line; likewise.
size_t marks_end (marks_t *self, char *rest);

#endif
