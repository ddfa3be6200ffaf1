/*  places_file – how far a worker has come, kept in its directory: worker/state.
 *
 *  A thread of its own writes it, anew each time, so that a slow disk keeps nobody waiting: what was
 *  done in the last half second before a kill is done again. A directory is one worker's alone.
 */
#ifndef PLACES_FILE_H
#define PLACES_FILE_H

#include "worker/feed/places.h"

typedef struct places_file places_file_t;

/*  Makes the directory if it is not there, and reads what it has into places, which is borrowed.
 *  NULL and a problem when it cannot be used, or another worker has it.
 */
places_file_t *places_file_open (const char *directory, places_t *places, problem_t *problem);
void places_file_close (places_file_t **self_p);  //  what has changed is written. Safe on NULL

void places_file_tick (places_file_t *self,
                       int64_t now_ms);  //  writes what has changed, if it is time
int64_t places_file_deadline (const places_file_t *self);  //  INT64_MAX: nothing has

#endif
