/*  sim – plays the scenarios, and random lives from their seeds; writes TAP.
 *
 *      sim                                     every scenario under several seeds
 *      sim --seeds FROM COUNT                  that many random lives
 *      sim NAME|random [--seed N] [--shrink]   one, with its transcript when it fails; a random one
 *                                              made as short as it can be
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "tests/sim/life.h"
#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

enum { SEEDS_EACH = 20, LIVES_A_LINE = 500, FAILURES_SHOWN = 3 };

static int failures;

//  What is played: a scenario, or a life. What an ASSERT says needs the seed to be of use.
typedef struct {
    const char *name;
    scenario_t *play;
    const life_t *life;  //  instead of a play
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

//  What went wrong, free () it; NULL: nothing.
static char *
play_it (playing_t *playing, telling_t telling, bool is_printed)
{
    playing->world = world_new (playing->seed, telling);
    assert_set_hook (name_culprit, playing);
    if (playing->life)
        life_live (playing->life, playing->world);
    else
        playing->play (playing->world);
    char *verdict =
        world_is_sound (playing->world) ? NULL : allocate_copy (world_verdict (playing->world));
    if (is_printed)
        world_print_transcript (playing->world);
    world_destroy (&playing->world);
    return verdict;
}

//  Untold, which is quick; what fails is told when it is played once more.
static bool
run (const char *name, scenario_t *play, uint64_t seed, telling_t telling)
{
    static playing_t playing;
    life_t *life = play ? NULL : life_draw (seed);
    playing = (playing_t){.name = name, .play = play, .life = life, .seed = seed};
    char *verdict = play_it (&playing, UNTOLD, false);
    if (verdict) {
        printf ("not ok %s: %s\n# repeat: tests/run sim %s --seed %" PRIu64 "\n", name, verdict,
                name, seed);
        if (failures++ < FAILURES_SHOWN)
            free (play_it (&playing, telling, true));
    }
    bool is_sound = !verdict;
    free (verdict);
    life_destroy (&life);
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
            all_sound &= run ("random", NULL, seed, TOLD);
        if (all_sound)
            printf ("ok random lives of seeds %" PRIu64 " to %" PRIu64 "\n", first, last);
        fflush (stdout);
    }
}

static void
run_scenarios (void)
{
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++) {
        bool all_sound = true;
        for (uint64_t seed = 1; seed <= SEEDS_EACH; seed++)
            all_sound &= run (entry->name, entry->play, seed, TOLD);
        if (all_sound)
            printf ("ok %s\n", entry->name);
    }
}

//  In a process of its own, since it may end in an ASSERT.
static char *
live_apart (const life_t *life, uint64_t seed)
{
    enum { VERDICT_SIZE = 400 };
    int ends [2];
    ASSERT (pipe (ends) == 0, "a few pipes can be had");
    fflush (stdout);
    pid_t child = fork ();
    if (child == 0) {
        if (!freopen ("/dev/null", "w", stderr) || !freopen ("/dev/null", "w", stdout))
            _exit (1);
        playing_t playing = {.name = "random", .life = life, .seed = seed};
        char *verdict = play_it (&playing, UNTOLD, false);
        _exit (!verdict || write (ends [1], verdict, strlen (verdict)) > 0 ? 0 : 1);
    }
    close (ends [1]);
    char verdict [VERDICT_SIZE + 1] = "";
    ssize_t size = read (ends [0], verdict, VERDICT_SIZE);
    close (ends [0]);
    int code = 0;
    waitpid (child, &code, 0);
    if (code != 0)
        return allocate_copy ("an ASSERT failed");
    return size > 0 ? allocate_copy (verdict) : NULL;
}

static void
run_shrunk (uint64_t seed)
{
    life_t *life = life_draw (seed);
    uint64_t weather = seed;
    life_t *shorter = shrink (life, &weather, live_apart);
    if (shorter) {
        playing_t playing = {.name = "random", .life = shorter, .seed = weather};
        printf ("Its %zu deeds are %zu now:\n", life->count, shorter->count);
        life_print (shorter);
        printf ("What happens:\n");
        char *verdict = play_it (&playing, TOLD_IN_FULL, true);
        printf ("not ok random: %s\n# repeat: tests/run sim random --seed %" PRIu64 " --shrink\n",
                verdict, seed);
        free (verdict);
        failures++;
    }
    else
        printf ("ok random\n");
    life_destroy (&shorter);
    life_destroy (&life);
}

static scenario_t *
find (const char *name)
{
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++)
        if (strcmp (entry->name, name) == 0)
            return entry->play;
    fprintf (stderr, "sim: there is no scenario %s; there are:\n    random\n", name);
    for (const scenario_entry_t *entry = scenarios; entry->name; entry++)
        fprintf (stderr, "    %s\n", entry->name);
    exit (64);
}

typedef struct {
    const char *name;  //  NULL: all
    uint64_t seed, lives_from, lives;
    bool is_shrunk;
    const char *awaited;  //  --seeds has a second word
} wanted_t;

static error_t
take (int key, char *text, struct argp_state *state)
{
    wanted_t *wanted = state->input;
    switch (key) {
        case 's': wanted->seed = strtoull (text, NULL, 10); break;
        case 'S':
            wanted->lives_from = strtoull (text, NULL, 10);
            wanted->awaited = text;
            break;
        case 'k': wanted->is_shrunk = true; break;
        case ARGP_KEY_ARG:
            if (wanted->awaited)
                wanted->lives = strtoull (text, NULL, 10);
            else
                wanted->name = text;
            wanted->awaited = NULL;
            break;
        default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int
main (int argc, char **argv)
{
    static const struct argp_option options [] = {
        {"seed", 's', "N", 0, "the seed of that one", 0},
        {"seeds", 'S', "FROM", 0, "random lives; their number follows", 0},
        {"shrink", 'k', NULL, 0, "make a random life that fails as short as it can be", 0},
        {0},
    };
    static const struct argp parser = {options, take, "[NAME|random|COUNT]", NULL, NULL,
                                       NULL,    NULL};
    wanted_t wanted = {.seed = 1};
    argp_parse (&parser, argc, argv, 0, NULL, &wanted);
    if (wanted.lives > 0)
        run_lives (wanted.lives_from, wanted.lives);
    else if (!wanted.name)
        run_scenarios ();
    else if (strcmp (wanted.name, "random") == 0 && wanted.is_shrunk)
        run_shrunk (wanted.seed);
    else if (run (wanted.name, strcmp (wanted.name, "random") == 0 ? NULL : find (wanted.name),
                  wanted.seed, TOLD_IN_FULL))
        printf ("ok %s\n", wanted.name);
    return failures > 0;
}
