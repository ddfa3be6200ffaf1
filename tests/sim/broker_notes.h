/*  broker_notes – what the core did, in words, for the transcript of a seed that is played alone. */
#ifndef BROKER_NOTES_H
#define BROKER_NOTES_H

#include "broker/core/core.h"
#include "tests/sim/world.h"

void broker_notes_input (world_t *world, const input_t *input);
void broker_notes_effect (world_t *world, const effect_t *effect);
void broker_notes_track (world_t *world, int32_t partition, const track_record_t *track);

#endif
