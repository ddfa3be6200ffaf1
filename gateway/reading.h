/*  reading – what the readers of a body share: the scan, room for the strings they decode, and the
 *  events they make. One belongs to each request thread, which uses it again and again.
 *
 *  A reader is called inside the outermost object, with the name of its first member in `name`.
 */
#ifndef READING_H
#define READING_H

#include "gateway/bytes.h"
#include "gateway/event_list.h"
#include "gateway/json_scan.h"

typedef struct impacted impacted_t;  //  kinto_reader's

//  Zero-initialise it.
typedef struct {
    json_scan_t scan;
    const limits_t *limits;
    int64_t now_ms;        //  wall time, for events that have none
    bytes_t texts;         //  as large as the body: all its strings fit
    char *room;            //  in texts, for the next string
    bytes_t built;         //  a Kinto event's data, put together of spans
    bytes_t subject;       //  a Kinto event's
    impacted_t *impacted;  //  ours
    size_t impacted_room;  //  objects
    event_list_t events;
} reading_t;

void reading_free (reading_t *self);
void reading_reset (reading_t *self);  //  events go; room is kept, if it is not large

//  body [size] must be 0.
void reading_start (reading_t *self, const char *body, size_t size, const limits_t *limits,
                    int64_t now_ms);

/*  A string, decoded. BAD_EVENT when the value is something else; `name` says in the problem which. */
status_t reading_text (reading_t *self, const char *name, const char **text, problem_t *problem);

//  BAD_EVENT for a member that nobody knows here. `where` is its object, "" for the outermost.
status_t reading_stranger (const char *where, json_span_t name, const char *known,
                           problem_t *problem);

//  BAD_EVENT for a value of the wrong kind, BAD_JSON when it is no value at all.
status_t reading_wrong_kind (reading_t *self, const char *name, json_kind_t wanted,
                             problem_t *problem);

#endif
