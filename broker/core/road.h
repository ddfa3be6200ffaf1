/*  road – the steps of an event's way, and of those who carry it: one function for each input.
 *
 *  Each is in the file of its name; core.c calls them in turn.
 */
#ifndef ROAD_H
#define ROAD_H

#include "broker/core/state.h"

//  publishing: accept → APPEND → PERSISTED → announce
void publishing_accept (core_t *core, const input_t *input, effects_t *effects);
void publishing_announce (core_t *core, const input_t *input, effects_t *effects);
void publishing_withdraw (core_t *core, const input_t *input, effects_t *effects);

//  settling: what a worker says of its leases, and leases that nobody spoke of
void settling_settle (core_t *core, const input_t *input, effects_t *effects);
void settling_record (core_t *core, const delivery_t *delivery, const attempt_t *attempt);
void settling_late (core_t *core, lease_t *lease);
//  It went well, as this session says of one before.
void settling_belated (core_t *core, const session_t *session, delivery_t *delivery,
                       const settle_t *settle);
void settling_crash (core_t *core, lease_t *lease);         //  its worker died, perhaps over it
void settling_cancel (core_t *core, delivery_t *delivery);  //  its lease, if any, stays without it

//  joining: workers come, breathe and go
void joining_hello (core_t *core, const input_t *input, effects_t *effects);
void joining_credit (core_t *core, session_t *session, const input_t *input, effects_t *effects);
void joining_release (core_t *core, session_t *session, const input_t *input, effects_t *effects);
void joining_alive (core_t *core, session_t *session, const input_t *input, effects_t *effects);
void joining_crash (core_t *core, session_t *session);

//  subscribing: subscriptions and partitions come and go
void subscribing_subscribe (core_t *core, const input_t *input, effects_t *effects);
void subscribing_unsubscribe (core_t *core, const input_t *input, effects_t *effects);
void subscribing_tenure (core_t *core, const input_t *input);
void subscribing_disable (core_t *core, subscriber_t *subscriber, const char *because);
void subscribing_consider (core_t *core, subscriber_t *subscriber);  //  all its tracks
void subscribing_shed (core_t *core, subscriber_t *subscriber);      //  likewise
void subscribing_wake (core_t *core, subscriber_t *subscriber);      //  its time has come
void subscribing_clear (core_t *core);                               //  frees all, at the end
void subscribing_put (core_t *core, subscription_t *subscription);   //  made or replaced, and saved
void subscribing_end_one (core_t *core, subscriber_t *subscriber);   //  likewise ended
void subscribing_end (core_t *core, subscriber_t *subscriber);       //  with all that hangs on it

subscriber_t *subscriber_find (const core_t *core, const char *id);
//  NULL: there is no such subscription, or the partition is not ours.
track_t *subscribing_track (const core_t *core, const char *subscription, int32_t partition);

#endif
