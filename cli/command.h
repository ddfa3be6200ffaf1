/*  command – what every command of tocsin is: a function with its own argv, where argv [0] is
 *  "tocsin NAME", and the exit code as its answer.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>

#include "proto/model/status.h"

#define COMMAND(name, word, text) int command_##name (int argc, char **argv);
#include "cli/command.tbl"

//  The whole program: finds the command in argv [1] and runs it.
int command_main (int argc, char **argv);

//  For commands. Reads the options; --help, --version and a wrong option end the process here.
void command_parse (const struct argp *argp, int argc, char **argv, void *input);

//  Says what went wrong, in one line on stderr, and gives the exit code for it.
int command_fail (const problem_t *problem);

#endif
