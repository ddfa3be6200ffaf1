/*  sim – plays the scenarios, and random lives from their seeds.
 *
 *      sim                            every scenario under several seeds, and 1,000 random lives
 *      sim --seeds FROM COUNT         that many random lives
 *      sim NAME|random [--seed N]     one, with its transcript when it fails
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "tests/sim/world.h"

enum { SEEDS_EACH = 20, LIVES = 1000 };

static long passed, failed;

//  What an ASSERT says needs the seed to be of use.
static const char *now_playing;
static uint64_t now_seed;

static void
name_culprit (void *context)
{
    fprintf (stderr, "in %s: to repeat it: tests/run sim %s --seed %" PRIu64 "\n", now_playing,
             now_playing, now_seed);
    world_print_transcript (*(world_t **)context);
}

static void
run (const char *name, scenario_t *play, uint64_t seed)
{
    static world_t *world;
    now_playing = name;
    now_seed = seed;
    assert_set_hook (name_culprit, &world);
    world = world_new (seed);
    play (world);
    if (world_is_sound (world))
        passed++;
    else {
        failed++;
        printf ("FAILED %s: %s\n    to repeat it: tests/run sim %s --seed %" PRIu64 "\n", name,
                world_verdict (world), name, seed);
        if (failed <= 3)
            world_print_transcript (world);
    }
    world_destroy (&world);
}

static void
run_lives (uint64_t from, uint64_t count)
{
    for (uint64_t seed = from; seed < from + count && failed < 10; seed++)
        run ("random", random_life, seed);
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

static void
run_all (void)
{
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++)
        for (uint64_t seed = 1; seed <= SEEDS_EACH; seed++)
            run (entry->name, entry->play, seed);
    run_lives (1, LIVES);
}

int
main (int argc, char **argv)
{
    if (argc == 1)
        run_all ();
    else if (argc == 4 && strcmp (argv [1], "--seeds") == 0)
        run_lives (strtoull (argv [2], NULL, 10), strtoull (argv [3], NULL, 10));
    else if (argc == 2 || (argc == 4 && strcmp (argv [2], "--seed") == 0))
        run (argv [1], find (argv [1]), argc == 4 ? strtoull (argv [3], NULL, 10) : 1);
    else {
        fprintf (stderr, "usage: sim [--seeds FROM COUNT | NAME [--seed N]]\n");
        return 64;
    }
    printf ("%ld passed, %ld failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
