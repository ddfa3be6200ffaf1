/*  holding – the deliveries in a worker's hands, and whose turn it is.
 *
 *      WAITING → BEGUN → ENDED → SAID (→ ENDED → …)   gone when it is SETTLED
 *                  ↓         ↘    ↙
 *                  ↓          KEPT (→ ENDED)          while its session is lost
 *                LOST → STOPPING (→ ENDED)            gone when its attempt has ended
 *
 *  One that waits stands in the lane of its subscription, and lanes take turns. How many slots a lane
 *  may have follows from how many stay free, 12 × free² / slots: of 256, 192 when it is alone, 55 for
 *  each of four, 23 for each of ten, with as many left; and the last slot is only for a lane that has
 *  none. So consumers that answer slowly never have them all, however quiet it was when they took
 *  theirs, and nobody has to know which are slow. After Choudhury and Hahne, "Dynamic Queue Length
 *  Thresholds for Shared-Memory Packet Switches" (1998); squared, since a slot once taken stays taken.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include <uthash.h>

#include "worker/parcel.h"

typedef struct holding holding_t;
typedef struct lane lane_t;
typedef struct crate crate_t;
typedef struct holdings holdings_t;

typedef enum {
    HOLDING_WAITING,
    HOLDING_BEGUN,
    HOLDING_LOST,      //  begun, and its lease is over: its attempt is to be cancelled
    HOLDING_STOPPING,  //  its attempt is being cancelled
    HOLDING_ENDED,     //  its settlement is to be said
    HOLDING_SAID,      //  and waits for SETTLED
    HOLDING_KEPT,      //  its session was lost before that: perhaps the next one may say it
    HOLDING_STATES
} holding_state_t;

struct holding {
    holding_state_t state;
    uint64_t lease;
    parcel_t *parcel;  //  a reference, until it has ended
    size_t index;      //  in its parcel
    size_t bytes;      //  of its event's data, until it has ended
    lane_t *lane;      //  until it has ended
    crate_t *crate;    //  with what it was begun as a batch, until it has ended; NULL: alone
    int64_t begin_by_ms;
    bool is_cancelled;           //  BEGUN: nobody wants it any more, but others of its batch
    uint64_t session;            //  LOST, STOPPING: that was lost with it; 0: it was cancelled
    int64_t said_ms;             //  SAID: when
    settlement_t settlement;     //  ENDED, SAID, KEPT
    char *words;                 //  ours: the settlement's texts
    struct progress_word *word;  //  ours: how far it is, as was told last; NULL: nothing was
    holding_t *prev, *next;      //  in the list of its state
    holding_t *before, *then;    //  WAITING: in its lane
    UT_hash_handle hh;           //  by lease; not when LOST or STOPPING
};

holdings_t *holdings_new (size_t slots);  //  attempts at a time
//  From now on; those that have begun go on.
void holdings_resize (holdings_t *self, size_t slots);
//  Whatever is still held is forgotten.
void holdings_destroy (holdings_t **self_p);

//  Starts to wait. The lease is not held yet. Those of one batch come one after another.
void holdings_add (holdings_t *self, parcel_t *parcel, size_t index, int64_t begin_by_ms);
holding_t *holdings_find (const holdings_t *self, uint64_t lease);
//  The next, now BEGUN; NULL: none has a slot. A batch begins as a whole, and takes one slot.
holding_t *holdings_begin (holdings_t *self);
//  Those that were begun with it, itself the first, and their deliveries; until it has ended.
size_t holdings_batch (const holding_t *holding, holding_t *const **members,
                       const delivery_t *const **deliveries);
void holdings_lose (holdings_t *self, holding_t *holding);  //  BEGUN → LOST
void holdings_stop (holdings_t *self, holding_t *holding);  //  LOST → STOPPING
//  BEGUN, LOST, STOPPING → ENDED
void holdings_end (holdings_t *self, holding_t *holding, const settlement_t *settlement);
void holdings_say (holdings_t *self, holding_t *holding, int64_t now_ms);
void holdings_say_again (holdings_t *self, holding_t *holding);  //  SAID, KEPT → ENDED
void holdings_keep (holdings_t *self, holding_t *holding);       //  ENDED, SAID → KEPT
void holdings_drop (holdings_t *self, holding_t *holding);       //  gone, and freed

//  The first of a state, in the order in which they came to it; then by next.
holding_t *holdings_first (const holdings_t *self, holding_state_t state);
size_t holdings_count (const holdings_t *self, holding_state_t state);
size_t holdings_leases (const holdings_t *self);  //  but of LOST and STOPPING
size_t holdings_bytes (const holdings_t *self);   //  data of events
size_t holdings_slots_taken (const holdings_t *self);
//  Of those that wait: in lanes that have their share. They would wait also if nobody else did.
size_t holdings_standing_back (const holdings_t *self);

//  Those leases, into an array with room for them.
void holdings_list (const holdings_t *self, uint64_t *leases);
void holdings_list_begun (const holdings_t *self, uint64_t *leases);  //  of BEGUN alone

#endif
