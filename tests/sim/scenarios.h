/*  scenarios – all plays, by their names in scenario.tbl. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "tests/sim/world.h"

#define SCENARIO(name) void name (world_t *world);
#include "tests/sim/scenario.tbl"

#endif
