/*  states – how a subscription does, as gateways are told: what hinders it, what it still has to do. */
#ifndef STATES_H
#define STATES_H

#include <jansson.h>

#include "broker/core/explain.h"
#include "broker/edge.h"

json_t *states_show (const edge_t *edge, const subscription_t *subscription,
                     const subscriber_view_t *view);

/*  Those that have something to do, to wait for or to mourn, at most `most` of them: first those that somebody should
 *  look at (broken, disabled), then those with most to do. Replays are among them. An array, the
 *  caller's.
 */
json_t *states_busiest (const edge_t *edge, size_t most);

#endif
