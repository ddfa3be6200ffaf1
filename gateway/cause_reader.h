/*  cause_reader – where a client says that an event comes from: causation, root and hops.
 *
 *  A client that carries out an action for one event, and tells of what came of it in another, says so
 *  in these; who knows no more than the cause itself is taken to be one action away from it.
 */
#ifndef CAUSE_READER_H
#define CAUSE_READER_H

#include "gateway/reading.h"

//  hops as the scan meets it, a whole number. `path` is its name in the problem.
status_t cause_read_hops (reading_t *self, const char *path, event_t *fields, problem_t *problem);

//  {"id", "root"?, "hops"?}, the member `causation` of a Kinto notification; null is none.
status_t cause_read_object (reading_t *self, event_t *fields, problem_t *problem);

//  Fills in what was not said. BAD_EVENT: a root or hops, and no causation. `where`: what goes before
//  the names of the members, "data." or "".
status_t cause_complete (const char *where, event_t *fields, problem_t *problem);

#endif
