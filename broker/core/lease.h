/*  lease – a delivery in one session's hands, until it settles, its deadline passes or the session
 *  ends.
 *
 *  A settled lease stays, without its delivery, until the outcome is on disk, so that a repeated
 *  SETTLE is not answered before.
 */
#ifndef LEASE_H
#define LEASE_H

#include "broker/core/delivery.h"

//  Waiting → in flight, to a session with credit. bundle: its batch; NULL: it goes alone.
void lease_give (core_t *core, session_t *session, delivery_t *delivery, bundle_t *bundle,
                 effects_t *effects);

lease_t *lease_find (core_t *core, lease_id_t id);
//  Whether no delivery of this session can ever have had it. Of what has ended nobody knows.
bool lease_is_anothers (core_t *core, const session_t *session, lease_id_t id);

//  The delivery leaves its lease, which stays until its outcome is on disk. Its batch, if it was the
//  last of that, is the caller's to forget.
delivery_t *lease_settle (core_t *core, lease_t *lease);

//  One of a session that has ended is this one's, as if it had settled it: until that is on disk.
void lease_adopt (core_t *core, session_t *session, lease_id_t id);

//  Over, without an outcome. The delivery, if it has not been settled, waits again. Freed.
void lease_take_back (core_t *core, lease_t *lease, through_t through, reason_t reason);

void lease_orphan (core_t *core,
                   lease_t *lease);  //  its delivery goes; what is said of it is stale
void lease_free (core_t *core, lease_t *lease);
void lease_clear (core_t *core);  //  frees all, at the end

#endif
