/*  key_line – order by key: of the deliveries of one key in one track only the first may go.
 *
 *  They stand by seq. One that is found late, after a restart, takes the place its seq gives it.
 */
#ifndef KEY_LINE_H
#define KEY_LINE_H

#include "broker/core/state.h"

//  Its event is known. Answers whether it is the first.
bool key_line_join (track_t *track, delivery_t *delivery);

//  Answers who is the first now, if it was the first itself; NULL otherwise.
delivery_t *key_line_leave (track_t *track, delivery_t *delivery);

#endif
