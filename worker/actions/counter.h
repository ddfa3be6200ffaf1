/*  counter – the action `counter`: how many events there were of each subject, type, source or key.
 *
 *  Twice: the key goes to the broker with the end of the attempt, and what it keeps is exact
 *  (proto/model/record.h, CHANGE_COUNT). The result is of this worker's memory: after a restart it
 *  counts from 1 again, and two workers count each for itself. docs/actions.md says so to users.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include "daemon/metrics.h"
#include "worker/actions/action.h"

typedef struct counter counter_t;

//  keys: counted at most, over all subscriptions. metrics: borrowed.
counter_t *counter_new (size_t keys, metrics_t *metrics);
void counter_destroy (counter_t **self_p);  //  safe on NULL

/*  One more of it, for this subscription. Any thread.
 *
 *  returns       how many there were, this one included; 0: there is no room for another key
 */
int64_t counter_count (counter_t *self, const char *subscription, const char *key);

//  The action; its settings are a counter_t.
extern const action_t counter_action;
extern const char counter_schema [];

#endif
