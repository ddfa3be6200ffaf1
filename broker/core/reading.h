/*  reading – what is to be read from the log: pages for tracks that lag, and single events again.
 *
 *  A page serves every track of its partition that lags within it, so that a thousand which start
 *  alike cost one read. Few READs are under way at a time.
 */
#ifndef READING_H
#define READING_H

#include "broker/core/state.h"

void reading_fetch (core_t *core, delivery_t *delivery);   //  once, however often it is asked
void reading_cancel (core_t *core, delivery_t *delivery);  //  it wants its event no more
void reading_forget (core_t *core, track_t *track);        //  it goes

void reading_page (core_t *core, const input_t *input);
void reading_failed (core_t *core, const input_t *input);

void reading_go (core_t *core, effects_t *effects);  //  the READs of this step
void reading_clear (core_t *core);                   //  frees all, at the end

#endif
