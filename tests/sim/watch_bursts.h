/*  watch_bursts – what may be skipped for the sake of a later event: one of the same burst, which is
 *  on disk and comes after it. That the later one is then delivered the model knows.
 */
#ifndef WATCH_BURSTS_H
#define WATCH_BURSTS_H

#include "broker/core/effect.h"
#include "tests/sim/world.h"

//  Whether this one may have been skipped for that later one, though the store does not say so yet.
bool watch_bursts_may_skip (world_t *world, const subscription_t *subscription, const char *earlier,
                            const char *later);

//  Objects, and notes in the ledger what went instead of what.
void watch_bursts_look (world_t *world, const effect_t *save);

#endif
