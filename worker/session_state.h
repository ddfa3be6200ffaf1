/*  session_state – what a session remembers. Only session.c and what begins with session_ look inside. */
#ifndef SESSION_STATE_H
#define SESSION_STATE_H

#include "worker/holding.h"
#include "worker/session.h"

enum {
    SILENT_HEARTBEATS = 3,       //  of the broker, or of ours: the session is lost
    HELLO_FIRST_MS = 100,        //  the wait after the first HELLO; it doubles
    HELLO_MOST_MS = 5000,        //
    HELLOS_OF_A_CONNECTION = 3,  //  then another is made: names are resolved again
    SHUNNED_MS = 1000,           //  before HELLO, after a BYE that said why, and up to
    SHUNNED_MORE_MS = 4000,
    REPEAT_MOST_MS = 30000,      //  between two times that an outcome is said
    BATCH_SHARE_OF_A_FRAME = 4,  //  texts of settlements take this part of it at most
    UNSETTLED_FACTOR = 4,        //  leases held at most, in units of capacity …
    UNSETTLED_MORE = 64          //  … and this many
};

struct worker_session {
    worker_session_settings_t settings;
    holdings_t *holdings;
    uint64_t random;   //  state of the jitter
    int64_t now_ms;    //  of the last call
    int64_t asked_ms;  //  the deadline last told: who ticks much later was stopped
    bool is_leaving;

    bool wants_connection;
    int hellos;            //  said over this connection
    int64_t patience_ms;   //  after the next HELLO
    int64_t hello_due_ms;  //  while a stranger

    uint64_t id;      //  of the session; 0: a stranger
    uint64_t former;  //  the one before; 0: there was none, or the broker knows it no more
    int64_t heartbeat_ms;
    int64_t heard_ms;          //  when the broker last said anything
    int64_t said_ms;           //  when we did
    int64_t lenient_ms;        //  until then the broker is not judged silent
    int64_t heartbeat_due_ms;  //
    bool wants_credit_said;    //  with a heartbeat, changed or not
    bool wants_bye_said;       //
    bool broker_leaves;        //  it said BYE: it gets its waiting leases back

    int64_t capacity;       //  as the broker wants it, or ours
    uint64_t shrunk_until;  //  numbers up to this were granted when it was larger

    uint64_t received;        //  number of the last delivery
    uint64_t beyond;          //  what the broker said is the number of its last; 0: nothing new
    uint64_t bytes_received;  //  of all deliveries so far
    size_t batch_size;        //  deliveries of the largest batch that came last; 1: none did
    uint64_t granted;         //  credit as last said
    uint64_t bytes_granted;   //
    int64_t repeat_after_ms;  //  an outcome is said again
    int64_t word_due_ms;      //  when the next PROGRESS may be said; INT64_MAX: there is none

    message_t out;              //  the last one taken
    settlement_t *settlements;  //  ours, for out
    size_t settlement_room;     //  of it
    uint64_t *leases;           //  ours, for out; begun too
    uint64_t *begun;            //
    size_t lease_room;          //  of both
    uint64_t *released;         //  ours: to be given back
    size_t released_count, released_room;
};

//  What has gone well, and was not SETTLED, is kept when the session is lost; and said in the next
//  one, if the broker still knows the `former`.
void worker_session_keep (worker_session_t *self);
void worker_session_take_up (worker_session_t *self, uint64_t former);
//  Likewise where an attempt ends after that, though it was to stop. settlement: NULL: it did stop.
void worker_session_finish_lost (worker_session_t *self, holding_t *holding,
                                 const settlement_t *settlement);
void worker_session_drop (worker_session_t *self, holding_state_t state);  //  all that are in it

//  What the broker says of leases that are over; and what we give back.
void worker_session_settled (worker_session_t *self, const message_t *settled);
void worker_session_cancelled (worker_session_t *self, const message_t *cancel);
void worker_session_release (worker_session_t *self, uint64_t lease);
void worker_session_release_waiting (worker_session_t *self);

//  The broker wants so many at a time; 0: as many as we do.
void worker_session_resize (worker_session_t *self, int64_t capacity);
//  For the delivery of this number.
bool worker_session_has_room (const worker_session_t *self, uint64_t number);
uint64_t
worker_session_credit (const worker_session_t *self);  //  that it could be granted now, in all
uint64_t worker_session_credit_bytes (const worker_session_t *self);
uint64_t worker_session_random (worker_session_t *self, uint64_t below);  //  in [0, below)

//  How far an attempt is: kept until it may be said. And said, into out; false: there is nothing now.
void worker_session_note_word (worker_session_t *self, holding_t *holding, int32_t percent,
                               const char *text);
bool worker_session_say_word (worker_session_t *self);

//  The next message that is due, into out; false: none.
bool worker_session_say (worker_session_t *self);

#endif
