/*  sim – plays the scenarios, and random lives from their seeds; writes TAP.
 *
 *      sim                            every scenario under several seeds
 *      sim --seeds FROM COUNT         that many random lives
 *      sim NAME|random [--seed N]     one, with its transcript when it fails
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "tests/sim/world.h"

enum { SEEDS_EACH = 20, LIVES_A_LINE = 500, FAILURES_SHOWN = 3 };

static int failures;

//  What an ASSERT says needs the seed to be of use.
typedef struct {
    const char *name;
    uint64_t seed;
    world_t *world;
} playing_t;

static void
name_culprit (void *context)
{
    const playing_t *playing = context;
    printf ("not ok %s: an ASSERT failed\n# repeat: tests/run sim %s --seed %" PRIu64 "\n",
            playing->name, playing->name, playing->seed);
    world_print_transcript (playing->world);
    fflush (stdout);
}

static bool
run (const char *name, scenario_t *play, uint64_t seed, bool is_told_in_full)
{
    static playing_t playing;
    playing = (playing_t){.name = name, .seed = seed, .world = world_new (seed, is_told_in_full)};
    assert_set_hook (name_culprit, &playing);
    play (playing.world);
    bool is_sound = world_is_sound (playing.world);
    if (!is_sound) {
        printf ("not ok %s: %s\n# repeat: tests/run sim %s --seed %" PRIu64 "\n", name,
                world_verdict (playing.world), name, seed);
        if (failures++ < FAILURES_SHOWN)
            world_print_transcript (playing.world);
    }
    world_destroy (&playing.world);
    return is_sound;
}

static void
run_lives (uint64_t from, uint64_t count)
{
    for (uint64_t done = 0; done < count; done += LIVES_A_LINE) {
        uint64_t first = from + done;
        uint64_t last = done + LIVES_A_LINE < count ? first + LIVES_A_LINE - 1 : from + count - 1;
        bool all_sound = true;
        for (uint64_t seed = first; seed <= last; seed++)
            all_sound &= run ("random", random_life, seed, false);
        if (all_sound)
            printf ("ok random lives of seeds %" PRIu64 " to %" PRIu64 "\n", first, last);
    }
}

static void
run_scenarios (void)
{
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++) {
        bool all_sound = true;
        for (uint64_t seed = 1; seed <= SEEDS_EACH; seed++)
            all_sound &= run (entry->name, entry->play, seed, false);
        if (all_sound)
            printf ("ok %s\n", entry->name);
    }
}

static scenario_t *
find (const char *name)
{
    if (strcmp (name, "random") == 0)
        return random_life;
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++)
        if (strcmp (entry->name, name) == 0)
            return entry->play;
    fprintf (stderr, "sim: there is no scenario %s; there are:\n    random\n", name);
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++)
        fprintf (stderr, "    %s\n", entry->name);
    exit (64);
}

int
main (int argc, char **argv)
{
    if (argc == 1)
        run_scenarios ();
    else if (argc == 4 && strcmp (argv [1], "--seeds") == 0)
        run_lives (strtoull (argv [2], NULL, 10), strtoull (argv [3], NULL, 10));
    else if (argc == 2 || (argc == 4 && strcmp (argv [2], "--seed") == 0)) {
        if (run (argv [1], find (argv [1]), argc == 4 ? strtoull (argv [3], NULL, 10) : 1, true))
            printf ("ok %s\n", argv [1]);
    }
    else {
        fprintf (stderr, "usage: sim [--seeds FROM COUNT | NAME [--seed N]]\n");
        return 64;
    }
    return failures > 0;
}
