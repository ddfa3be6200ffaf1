/*  coalescing – a burst of events of one group becomes one delivery, or one batch.
 *
 *  The first event of a group opens a window, which lasts coalesce.window_ms from when that event was
 *  accepted; with coalesce.max events it ends before. Until then what is new is gathered: it is HELD.
 *  With `keep: latest` only the last one is left, and each that it replaces ends at once, SKIPPED
 *  because COALESCED: so a burst takes the memory of one event, however long it is. With `keep: all`
 *  they are released together, and go in one batch.
 *
 *  An event that is skipped has a later one of its group behind it, which is on disk and still to be
 *  delivered; a crash loses nothing, it begins the window anew with what the log has above the floor.
 *  When memory is short all windows end.
 */
#ifndef COALESCING_H
#define COALESCING_H

#include "broker/core/delivery.h"
#include "proto/model/match.h"

/*  A new delivery, pinned, in its line and with its event: it is gathered (HELD); false: its
 *  subscription does not coalesce, or it belongs to no group, and it goes on at once.
 *
 *  data          of its event
 */
bool coalescing_gather (core_t *core, delivery_t *delivery, match_data_t *data);

void coalescing_wake (core_t *core, delivery_t *delivery);  //  its window is over
void coalescing_release (core_t *core, track_t *track);     //  of all its groups
//  Its subscription has changed: what was gathered by other rules goes.
void coalescing_change (core_t *core, subscriber_t *subscriber, const subscription_t *old);
void coalescing_forget (core_t *core,
                        delivery_t *delivery);  //  it leaves; safe when it is in no group

#endif
