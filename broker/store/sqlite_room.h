/*  sqlite_room – whether the file system of the store has as much free as is to stay free.
 *
 *  What has become of deliveries is written all the same: it is little, and the log shrinks by it. It
 *  needs the room that new events are refused for.
 */
#ifndef SQLITE_ROOM_H
#define SQLITE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/model/status.h"

typedef struct {
    int64_t least_bytes;  //  0: nobody asks
    int64_t free_bytes;   //  as last noted, less what was written since
    int64_t noted_ms;     //  on the monotonic clock; 0: never
} room_t;

//  All but room_look for the writer's thread only. Due ten times a second, since a look costs.
bool room_is_due (const room_t *self);
void room_note (room_t *self, int64_t free_bytes);

/*  FULL and a sentence when there would be less after these bytes of events. What it lets pass between
 *  two looks is counted.
 */
status_t room_check (room_t *self, const char *path, int64_t event_bytes, problem_t *problem);

//  Whether there are less than so many more than are to stay free.
bool room_is_scarce (const room_t *self, int64_t bytes);

//  Bytes that this user may still write. A file system that does not tell has INT64_MAX.
int64_t room_look (const char *path);

#endif
