#include "proto/wire/manners.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

typedef struct {
    int64_t until_ms;  //  the end of his window; of one who is shunned, when he is heard again
    int64_t count;     //  of bad messages in the window
    bool is_shunned;
    int64_t second_ms;  //  when the second began in which he was told
    int answers;        //  so often
    UT_hash_handle hh;
    size_t size;  //  of the identity, bytes
    uint8_t identity [];
} offender_t;

struct manners {
    offender_t *all;  //  by identity
    int64_t most;
};

manners_t *
manners_new (int64_t most)
{
    manners_t *self = ALLOCATE (manners_t);
    self->most = most;
    return self;
}

static void
manners_forget (manners_t *self, offender_t *offender)
{
    HASH_DEL (self->all, offender);
    free (offender);
}

void
manners_destroy (manners_t **self_p)
{
    manners_t *self = *self_p;
    if (!self)
        return;
    while (self->all)
        manners_forget (self, self->all);
    free (self);
    *self_p = NULL;
}

//  NULL: he has said nothing wrong, or it is forgotten by now.
static offender_t *
manners_find (manners_t *self, const void *identity, size_t size, int64_t now_ms)
{
    offender_t *offender;
    HASH_FIND (hh, self->all, identity, size, offender);
    if (!offender || now_ms < offender->until_ms)
        return offender;
    manners_forget (self, offender);
    return NULL;
}

static offender_t *
manners_first_to_go (const manners_t *self)
{
    offender_t *first = self->all, *offender, *next;
    HASH_ITER (hh, self->all, offender, next)
    if (offender->until_ms < first->until_ms)
        first = offender;
    return first;
}

static offender_t *
manners_add (manners_t *self, const void *identity, size_t size, int64_t now_ms)
{
    if (HASH_COUNT (self->all) >= MANNERS_KNOWN)
        manners_forget (self, manners_first_to_go (self));
    offender_t *offender = allocate (1, sizeof *offender + size);
    offender->until_ms = now_ms + MANNERS_WINDOW_MS;
    offender->second_ms = now_ms;
    offender->size = size;
    memcpy (offender->identity, identity, size);
    HASH_ADD_KEYPTR (hh, self->all, offender->identity, size, offender);
    return offender;
}

judgement_t
manners_blame (manners_t *self, const void *identity, size_t size, int64_t now_ms)
{
    offender_t *offender = manners_find (self, identity, size, now_ms);
    if (!offender)
        offender = manners_add (self, identity, size, now_ms);
    ASSERT (!offender->is_shunned, "what a shunned one says is not looked at");
    if (++offender->count >= self->most) {
        offender->is_shunned = true;
        offender->until_ms = now_ms + MANNERS_SHUNNED_MS;
        return MANNERS_SHUN;
    }
    if (now_ms - offender->second_ms >= MANNERS_SECOND_MS) {
        offender->second_ms = now_ms;
        offender->answers = 0;
    }
    return offender->answers++ < MANNERS_ANSWERS ? MANNERS_ANSWER : MANNERS_SILENCE;
}

bool
manners_shuns (manners_t *self, const void *identity, size_t size, int64_t now_ms)
{
    if (!self->all)
        return false;
    const offender_t *offender = manners_find (self, identity, size, now_ms);
    return offender && offender->is_shunned;
}
