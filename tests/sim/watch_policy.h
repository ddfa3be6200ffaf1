/*  watch_policy – what the policy of one subscription forbids at this time, kept from what the broker
 *  has heard. Where the broker may know less than we (it has just been restarted) nothing is forbidden.
 */
#ifndef WATCH_POLICY_H
#define WATCH_POLICY_H

#include "tests/sim/ledger.h"

typedef struct {
    bool is_paused, is_disabled, is_gone;
    bool has_bucket;  //  tokens are known
    double tokens;    //  as of tokens_ms; the burst at first
    int64_t tokens_ms;
    bool is_there;      //  in this life of the broker
    bool is_known;      //  what its breaker knows; not after a restart, until something goes well
    int32_t failures;   //  in a row
    int32_t openings;   //  probes that failed in a row
    int64_t broken_ms;  //  no probe before then; 0: the breaker is closed
} policy_t;

typedef struct {
    const event_t *event;
    int32_t attempt, redrives;
    int32_t others;  //  requests of this subscription under way
    bool is_more;    //  it goes along with one before it, in a batch
    int64_t now_ms;
} policy_sending_t;

//  What may not be sent now, in words; NULL: it may.
const char *policy_objection (policy_t *self, const subscription_t *subscription,
                              const policy_sending_t *sending);
void policy_sent (policy_t *self);
bool policy_is_broken (const policy_t *self);
void policy_settled (policy_t *self, const subscription_t *subscription, bool has_failed,
                     bool is_probe, int64_t now_ms);

//  Of one subscription, and of its replays with it: `policies` as they stand in the ledger. is_loaded:
//  from the store, when the broker starts.
void policy_changed (policy_t *policies, const ledger_t *ledger, const subscription_t *subscription,
                     bool is_loaded);
void policy_ended (policy_t *policies, const ledger_t *ledger, const char *subscription);
void policy_stop (policy_t *policies, const ledger_t *ledger, size_t place);  //  410 Gone

#endif
