/*  offences – what workers say that is wrong, counted; and a word in the log on each whom the link
 *  does not hear any more for it.
 */
#ifndef OFFENCES_H
#define OFFENCES_H

#include "daemon/complaints.h"
#include "daemon/metrics.h"
#include "proto/model/status.h"

typedef struct {
    metrics_t *metrics;  //  borrowed
    complaints_t complaints;
} offences_t;

void offences_note_bad (offences_t *self, status_t status);
void offences_note_ignored (offences_t *self);  //  a message of one who is shunned

//  One is not heard any more. name: of the worker; "": it has never said one.
void offences_note_shunned (offences_t *self, const char *name, const problem_t *why,
                            int64_t now_ms);
void offences_beat (offences_t *self, int64_t now_ms);  //  monotonic, as above

#endif
