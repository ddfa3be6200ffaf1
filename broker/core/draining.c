#include "broker/core/draining.h"

#include "broker/core/alone.h"
#include "broker/core/session.h"
#include "broker/core/view.h"
#include "proto/model/allocate.h"

struct drained {
    char *name;  //  ours
    UT_hash_handle hh;
};

static struct drained *
find (const core_t *core, const char *name)
{
    struct drained *found;
    HASH_FIND_STR (core->drained, name, found);
    return found;
}

bool
draining_is_all_of (const offer_t *offer)
{
    return offer->sessions > 0 && offer->draining == offer->sessions;
}

static void
forget (core_t *core, struct drained *drained)
{
    HASH_DEL (core->drained, drained);
    free (drained->name);
    free (drained);
}

void
draining_clear (core_t *core)
{
    struct drained *drained, *next;
    HASH_ITER (hh, core->drained, drained, next)
    forget (core, drained);
}

//  Whether it gets anything. What it is kept free for goes to another.
static void
turn (core_t *core, session_t *session, bool is_on)
{
    if (session->is_draining == is_on)
        return;
    session->is_draining = is_on;
    membership_t *membership;
    DL_FOREACH2 (session->memberships, membership, then)
    membership->offer->draining += is_on ? 1 : (size_t)-1;
    if (is_on)
        alone_session_closes (session);
    session_consider (core, session);
}

void
draining_drain (core_t *core, const input_t *input)
{
    struct drained *drained = find (core, input->drain.name);
    if (input->drain.is_on && !drained) {
        drained = ALLOCATE (struct drained);
        drained->name = allocate_copy (input->drain.name);
        HASH_ADD_KEYPTR (hh, core->drained, drained->name, strlen (drained->name), drained);
    }
    else if (!input->drain.is_on && drained)
        forget (core, drained);
    session_t *session, *next;
    HASH_ITER (hh, core->sessions, session, next)
    {
        if (strcmp (session->name, input->drain.name) == 0)
            turn (core, session, input->drain.is_on);
    }
}

void
draining_join (core_t *core, session_t *session)
{
    if (core->drained && find (core, session->name))
        turn (core, session, true);
}

//  ---- what may be asked

bool
core_is_drained (const core_t *self, const char *worker)
{
    return find (self, worker) != NULL;
}

size_t
core_drained (const core_t *self)
{
    return HASH_COUNT (self->drained);
}

void
core_each_drained (const core_t *self, core_drained_found_t *found, void *context)
{
    struct drained *drained, *next;
    HASH_ITER (hh, self->drained, drained, next)
    found (context, drained->name);
}
