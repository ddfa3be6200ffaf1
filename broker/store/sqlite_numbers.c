#include "broker/store/sqlite_numbers.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) abort ()
#include <uthash.h>

#include "proto/model/allocate.h"

struct number {
    char *id;
    int64_t number;
    UT_hash_handle hh;
};

int64_t
numbers_find (const numbers_t *self, const char *id)
{
    struct number *found;
    HASH_FIND_STR (self->by_id, id, found);
    return found ? found->number : 0;
}

void
numbers_put (numbers_t *self, const char *id, int64_t number)
{
    if (number > self->last)
        self->last = number;
    if (!id)
        return;
    struct number *added = ALLOCATE (struct number);
    added->id = allocate_copy (id);
    added->number = number;
    HASH_ADD_KEYPTR (hh, self->by_id, added->id, strlen (added->id), added);
}

int64_t
numbers_add (numbers_t *self, const char *id)
{
    numbers_put (self, id, self->last + 1);
    return self->last;
}

static void
forget (numbers_t *self, struct number *number)
{
    HASH_DEL (self->by_id, number);
    free (number->id);
    free (number);
}

void
numbers_remove (numbers_t *self, const char *id)
{
    struct number *found;
    HASH_FIND_STR (self->by_id, id, found);
    if (found)
        forget (self, found);
}

void
numbers_clear (numbers_t *self)
{
    struct number *number, *next;
    HASH_ITER (hh, self->by_id, number, next)
    forget (self, number);
    *self = (numbers_t){0};
}
