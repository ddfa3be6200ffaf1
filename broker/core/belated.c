#include "broker/core/belated.h"

#include "broker/core/cancelling.h"
#include "broker/core/emitting.h"
#include "broker/core/lease.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
#include "proto/model/allocate.h"

//  A session that has ended, while some of its leases are still of use.
struct parted {
    session_id_t session;
    uint64_t instance;  //  of its worker's process
    size_t leases;
    UT_hash_handle hh;  //  by session
};

//  The last lease of a delivery whose session has ended.
struct former {
    lease_id_t lease;
    struct parted *of;
    delivery_t *delivery;
    UT_hash_handle hh;  //  by lease
};

static struct parted *
find_parted (const core_t *core, session_id_t session)
{
    struct parted *parted;
    HASH_FIND (hh, core->parted, &session, sizeof session, parted);
    return parted;
}

static struct parted *
parted_of (core_t *core, const session_t *session)
{
    struct parted *parted = find_parted (core, session->id);
    if (!parted) {
        parted = ALLOCATE (struct parted);
        parted->session = session->id;
        parted->instance = session->instance;
        HASH_ADD (hh, core->parted, session, sizeof parted->session, parted);
    }
    return parted;
}

void
belated_note (core_t *core, const lease_t *lease)
{
    delivery_t *delivery = lease->delivery;
    if (!delivery || lease->is_settled)
        return;
    belated_forget (core, delivery);
    struct former *former = ALLOCATE (struct former);
    former->lease = lease->id;
    former->delivery = delivery;
    former->of = parted_of (core, lease->session);
    former->of->leases++;
    delivery->former = former;
    HASH_ADD (hh, core->formers, lease, sizeof former->lease, former);
}

void
belated_forget (core_t *core, delivery_t *delivery)
{
    struct former *former = delivery->former;
    if (!former)
        return;
    delivery->former = NULL;
    if (--former->of->leases == 0) {
        HASH_DEL (core->parted, former->of);
        free (former->of);
    }
    HASH_DEL (core->formers, former);
    free (former);
}

//  Its worker knows already that it has ended.
static void
end_former (core_t *core, const session_t *session, session_id_t former)
{
    session_t *before;
    HASH_FIND (hh, core->sessions, &former, sizeof former, before);
    if (before && before != session && before->instance == session->instance)
        session_end (core, before, REASON_SESSION_GONE);
}

//  Numbers of sessions are shown to people. That of a process its broker alone is told.
void
belated_join (core_t *core, session_t *session, session_id_t former)
{
    if (former == 0 || session->instance == 0)
        return;
    end_former (core, session, former);
    const struct parted *parted = find_parted (core, former);
    if (parted && parted->instance == session->instance)
        session->former = former;
}

static bool
is_of_use (const delivery_t *delivery)
{
    if (delivery->lease && delivery->track->is_ordered)
        return false;
    return delivery->event || !emitting_wants (delivery->track->subscriber);
}

bool
belated_settle (core_t *core, session_t *session, const settle_t *settle, effects_t *effects)
{
    struct former *former;
    HASH_FIND (hh, core->formers, &settle->lease, sizeof settle->lease, former);
    if (!former || former->of->session != session->former || settle->outcome != OUTCOME_OK ||
        !is_of_use (former->delivery))
        return false;
    delivery_t *delivery = former->delivery;
    if (delivery->lease)
        cancelling_stop (core, delivery->lease, REASON_DELIVERED, effects);
    lease_adopt (core, session, settle->lease);
    settling_belated (core, session, delivery, settle);
    return true;
}
