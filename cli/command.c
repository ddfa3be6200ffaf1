#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/nearest.h"
#include "daemon/role_main.h"
#include "version.h"

typedef struct {
    const char *name, *text;
    int (*run) (int argc, char **argv);
} row_t;

static const row_t rows [] = {
#define COMMAND(name, word, text) {word, text, command_##name},
#include "cli/command.tbl"
};
enum { ROWS = sizeof rows / sizeof rows [0], HELP = ROWS, VERSION, NAMES };

static const char *const names [NAMES] = {
#define COMMAND(name, word, text) word,
#include "cli/command.tbl"
    [HELP] = "help",
    [VERSION] = "version",
};

void
command_parse (const struct argp *argp, int argc, char **argv, void *input)
{
    argp_program_version = "tocsin " TOCSIN_VERSION;
    argp_parse (argp, argc, argv, 0, NULL, input);
}

int
command_fail (const problem_t *problem)
{
    fprintf (stderr, "tocsin: %s\n", problem->text);
    return role_exit_code (problem);
}

static int
command_help (void)
{
    printf ("Usage: tocsin COMMAND [OPTION...]\n\n"
            "Tocsin keeps events and has them delivered.\n\n");
    for (int i = 0; i < ROWS; i++)
        printf ("  %-12s %s\n", rows [i].name, rows [i].text);
    printf ("  %-12s %s\n", names [VERSION], "print the version");
    printf ("\n`tocsin help COMMAND` says more of one. To try it: tocsin up --demo\n");
    return EXIT_SUCCESS;
}

static int
command_refuse (const char *name)
{
    const char *near = nearest_word (name, names, NAMES);
    if (near)
        fprintf (stderr, "tocsin: there is no command %.60s; did you mean %s?\n", name, near);
    else
        fprintf (stderr, "tocsin: there is no command %.60s; `tocsin help` lists them\n", name);
    return EXIT_USAGE;
}

static int
command_find (const char *name)
{
    if (strcmp (name, "--help") == 0 || strcmp (name, "-?") == 0)
        return HELP;
    if (strcmp (name, "--version") == 0 || strcmp (name, "-V") == 0)
        return VERSION;
    int i = 0;
    while (i < NAMES && strcmp (name, names [i]) != 0)
        i++;
    return i;
}

/*  Runs a command with argv [0] as its usage should name it. */
static int
command_run (const row_t *row, int argc, char **argv)
{
    char name [40];
    snprintf (name, sizeof name, "tocsin %s", row->name);
    argv [0] = name;
    return row->run (argc, argv);
}

int
command_main (int argc, char **argv)
{
    if (argc < 2) {
        command_help ();
        return EXIT_USAGE;
    }
    int found = command_find (argv [1]);
    if (found == NAMES)
        return command_refuse (argv [1]);
    if (found == VERSION) {
        puts ("tocsin " TOCSIN_VERSION);
        return EXIT_SUCCESS;
    }
    if (found < ROWS)
        return command_run (&rows [found], argc - 1, argv + 1);
    if (argc < 3)
        return command_help ();

    int about = command_find (argv [2]);
    if (about == NAMES)
        return command_refuse (argv [2]);
    char help [] = "--help";
    char *asks [] = {NULL, help, NULL};
    return about < ROWS ? command_run (&rows [about], 2, asks) : command_help ();
}
