/*  retention – what leaves the log, and which dead letters go: every so often, by age and size.
 *
 *  It only asks: the store how old and large the log is, then the core to let go of what no subscription
 *  needs any more. What is dead for too long is discarded a few hundred at a time, each lot on disk
 *  before the next is looked for.
 */
#ifndef RETENTION_H
#define RETENTION_H

#include "broker/edge.h"
#include "daemon/settings.h"

typedef struct retention retention_t;

retention_t *retention_new (edge_t *edge, const settings_t *settings);  //  both borrowed
void retention_destroy (retention_t **self_p);

//  Monotonic: when it wants to be called; INT64_MAX: it waits for an answer.
int64_t retention_deadline (const retention_t *self);
void retention_tick (retention_t *self, int64_t now_ms);

void retention_found (retention_t *self, const query_t *query);  //  a WEIGH or DEAD of ours
void retention_persisted (retention_t *self);                    //  more is on disk than before

#endif
