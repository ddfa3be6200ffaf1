/*  errands – what request threads have put and the link thread takes: the hand-over between them.
 *
 *  Whatever waits when the link thread comes goes into one message: a shipment. Those who put theirs
 *  between two visits sleep at one gate and are woken by one call, since half of what a request
 *  costs is waking and switching threads. The link thread is woken only if it may be asleep. One
 *  lock, held for a few pointers.
 */
#ifndef ERRANDS_H
#define ERRANDS_H

#include "gateway/errand.h"

typedef struct errands errands_t;

//  The errands of one message that is under way.
typedef struct shipment {
    uint64_t request;   //  its number; never given twice
    size_t count;       //  of slots
    size_t waited_for;  //  of slots that are not withdrawn
    bool is_under_way;  //  counts as one of those that may be unconfirmed at a time
    struct {
        errand_t *errand;  //  NULL: withdrawn
        size_t event_count;
    } * slots;
    size_t event_count;  //  of all errands, in order of the slots
    event_t **events;    //  a reference of each, until shipment_release
    const char *method;  //  of a CALL; otherwise NULL
    char *json;          //  of a CALL, ours
    size_t json_size;
    uint64_t gates;  //  a bit for each at which somebody waits for it
    struct shipment *prev, *next;
} shipment_t;

errands_t *errands_new (const limits_t *limits);
void errands_destroy (errands_t **self_p);

/*  For request threads. Blocks until it is answered, at most timeout_ms; then errand->status says
 *  how it went: FULL and NO_BROKER: nothing was sent; OUTCOME_UNKNOWN: it was, and perhaps carried
 *  out. `ring` wakes the link thread.
 */
void errands_do (errands_t *self, errand_t *errand, int64_t timeout_ms, void (*ring) (void *),
                 void *context);

//  For the link thread.
bool errands_may_sleep (errands_t *self);               //  no: something may go. Yes: put will ring
void errands_set_away (errands_t *self, bool is_away);  //  away: put answers NO_BROKER at once
shipment_t *errands_take (errands_t *self);             //  the next message; NULL: nothing waits
void shipment_release (shipment_t *shipment);           //  encoded: the events are no longer needed
void errands_return (errands_t *self, shipment_t *shipment);  //  was not sent: waits again

//  An answer has come. One for a request that nobody waits for any more is dropped.
void errands_confirm (errands_t *self, uint64_t request, const confirmation_t *confirmations,
                      size_t count, int64_t backoff_ms);
void errands_refuse (errands_t *self, uint64_t request, status_t status, int64_t retry_after_ms,
                     const char *text);
void errands_reply (errands_t *self, uint64_t request, status_t status, const char *json,
                    size_t size);

//  The link is broken: what was sent will not be answered.
void errands_lose (errands_t *self);

#endif
