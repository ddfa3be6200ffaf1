#include "broker/core/belated.h"

#include "broker/core/cancelling.h"
#include "broker/core/emitting.h"
#include "broker/core/lease.h"
#include "broker/core/pending.h"
#include "broker/core/road.h"
#include "broker/core/session.h"
#include "proto/model/allocate.h"

//  A session that has ended, while some of its leases are still of use.
struct ended {
    session_id_t session;
    uint64_t instance;  //  of its worker's process
    size_t leases;
    UT_hash_handle hh;  //  by session
};

//  The last lease of a delivery whose session has ended.
struct former {
    lease_id_t lease;
    struct ended *of;
    delivery_t *delivery;
    UT_hash_handle hh;  //  by lease
};

static struct ended *
find_ended (const core_t *core, session_id_t session)
{
    struct ended *ended;
    HASH_FIND (hh, core->ended, &session, sizeof session, ended);
    return ended;
}

static struct ended *
ended_of (core_t *core, const session_t *session)
{
    struct ended *ended = find_ended (core, session->id);
    if (!ended) {
        ended = ALLOCATE (struct ended);
        ended->session = session->id;
        ended->instance = session->instance;
        HASH_ADD (hh, core->ended, session, sizeof ended->session, ended);
    }
    return ended;
}

void
belated_note (core_t *core, const lease_t *lease)
{
    delivery_t *delivery = lease->delivery;
    if (!delivery)
        return;  //  settled, or its subscription is gone
    belated_forget (core, delivery);
    struct former *former = ALLOCATE (struct former);
    former->lease = lease->id;
    former->delivery = delivery;
    former->of = ended_of (core, lease->session);
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
        HASH_DEL (core->ended, former->of);
        free (former->of);
    }
    HASH_DEL (core->formers, former);
    free (former);
}

//  Numbers of sessions are shown to people. That of a process its broker alone is told.
static bool
is_its_own (const input_t *hello, uint64_t instance)
{
    return hello->hello.instance != 0 && hello->hello.instance == instance;
}

void
belated_end_former (core_t *core, const input_t *hello)
{
    session_t *former;
    HASH_FIND (hh, core->sessions, &hello->hello.former, sizeof hello->hello.former, former);
    if (former && is_its_own (hello, former->instance))
        session_end (core, former, REASON_SESSION_GONE);
}

void
belated_join (const core_t *core, session_t *session, const input_t *hello)
{
    const struct ended *ended = find_ended (core, hello->hello.former);
    if (ended && is_its_own (hello, ended->instance))
        session->former = ended->session;
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
