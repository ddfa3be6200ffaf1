#include "tests/sim/scenarios.h"

#include <stddef.h>

const scenario_entry_t scenarios [] = {
#define SCENARIO(name) {#name, name},
#include "tests/sim/scenario.tbl"
    {NULL, NULL},
};
