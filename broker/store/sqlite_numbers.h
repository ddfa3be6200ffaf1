/*  sqlite_numbers – which number stands for which subscription in the tables, as of the last commit
 *  and of what the writer has done since.
 */
#ifndef SQLITE_NUMBERS_H
#define SQLITE_NUMBERS_H

#include <stdint.h>

typedef struct {
    struct number *by_id;
    int64_t last;  //  highest that is in use, or still being swept away
} numbers_t;

int64_t numbers_find (const numbers_t *self, const char *id);        //  0: there is none
int64_t numbers_add (numbers_t *self, const char *id);               //  gives it the next
void numbers_put (numbers_t *self, const char *id, int64_t number);  //  read; id NULL: in use
void numbers_remove (numbers_t *self, const char *id);
void numbers_clear (numbers_t *self);

#endif
