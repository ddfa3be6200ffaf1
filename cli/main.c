/*  tocsin – the command line: runs all of Tocsin in one process, and talks to one that runs. */
#include "cli/command.h"

int
main (int argc, char **argv)
{
    return command_main (argc, argv);
}
