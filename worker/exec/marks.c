#include "worker/exec/marks.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char word [] = "tocsin-progress:";
enum { WORD_SIZE = sizeof word - 1, DIGITS_MOST = 3 };

//  The percent that a text begins with, and the text behind it; otherwise it stays as it is.
static const char *
read_percent (const char *text, int *percent)
{
    size_t digits = strspn (text, "0123456789");
    const char *after = text + digits;
    after += digits > 0 && *after == '%';
    long number = digits > 0 && digits <= DIGITS_MOST ? strtol (text, NULL, 10) : -1;
    if (number < 0 || number > 100 || (*after && !isspace ((unsigned char)*after)))
        return text;
    *percent = (int)number;
    return after;
}

//  held is a whole line that is one.
static void
read_mark (marks_t *self)
{
    self->held [self->held_size < MARK_BYTES ? self->held_size : MARK_BYTES - 1] = '\0';
    const char *text = self->held + WORD_SIZE;
    text += strspn (text, " \t");
    self->percent = 0;
    text = read_percent (text, &self->percent);
    text += strspn (text, " \t");
    size_t size = strcspn (text, "\r");
    snprintf (self->text, sizeof self->text, "%.*s", (int)size, text);
    self->is_untold = true;
}

static size_t
let_go (marks_t *self, char *rest)
{
    size_t size = self->held_size;
    memcpy (rest, self->held, size);
    self->held_size = 0;
    return size;
}

//  It may still become one.
static bool
may_be_one (const marks_t *self)
{
    size_t size = self->held_size < WORD_SIZE ? self->held_size : WORD_SIZE;
    return memcmp (self->held, word, size) == 0;
}

static size_t
end_line (marks_t *self, char *rest)
{
    size_t count = 0;
    if (!self->is_plain && self->held_size >= WORD_SIZE) {
        read_mark (self);
        self->held_size = 0;
    }
    else {
        count = let_go (self, rest);
        rest [count++] = '\n';
    }
    self->is_plain = false;
    return count;
}

//  One that is not the end of a line.
static size_t
take_one (marks_t *self, char byte, char *rest)
{
    if (self->is_plain) {
        *rest = byte;
        return 1;
    }
    if (self->held_size < MARK_BYTES)
        self->held [self->held_size++] = byte;
    if (may_be_one (self))
        return 0;
    self->is_plain = true;
    return let_go (self, rest);
}

size_t
marks_take (marks_t *self, const char *bytes, size_t size, char *rest)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += bytes [i] == '\n' ? end_line (self, rest + count)
                                   : take_one (self, bytes [i], rest + count);
    return count;
}

size_t
marks_end (marks_t *self, char *rest)
{
    return let_go (self, rest);
}
