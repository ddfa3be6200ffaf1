/*  hub – what the feed tells of every event, kept for a moment for the live streams.
 *
 *  A thread listens to the broker's feed as long as somebody has joined, and keeps of each partition
 *  the last events, without a gap between them. Who is not within these reads on in the log, with
 *  calls of his own. It asks the broker each second how far the log has come, since the feed may lose
 *  its last word.
 */
#ifndef HUB_H
#define HUB_H

#include "daemon/settings.h"
#include "gateway/broker_link.h"

typedef struct hub hub_t;

enum { HUB_PARTITIONS = 256, HUB_TAKEN = 64 };

/*  All that is given here outlives the hub. */
hub_t *hub_new (const settings_t *settings, void *zmq, broker_link_t *link);
void hub_destroy (hub_t **self_p);  //  when nobody is in it any more; safe on NULL

//  Any thread. false: gateway/streams are there already.
bool hub_join (hub_t *self);
void hub_leave (hub_t *self);

//  Of a partition, after a seq.
typedef struct {
    event_t *events [HUB_TAKEN];  //  references, the caller's
    size_t count;
    bool is_behind;  //  what follows is not here: it is in the log
} hub_taken_t;

void hub_take (hub_t *self, int32_t partition, int64_t above, hub_taken_t *taken);

//  How many events it has heard of so far; hub_wait sleeps until there are more, or that time is up.
uint64_t hub_heard (hub_t *self);
void hub_wait (hub_t *self, uint64_t heard, int64_t most_ms);

/*  Where the log of each partition begins and ends, as the broker has it now: at most HUB_PARTITIONS of
 *  them. Blocks.
 */
typedef struct {
    char feed [256];  //  its endpoint
    size_t count;
    int64_t firsts [HUB_PARTITIONS], lasts [HUB_PARTITIONS];
} hub_tails_t;
status_t hub_tails (broker_link_t *link, hub_tails_t *tails);

#endif
