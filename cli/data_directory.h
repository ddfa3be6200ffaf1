/*  data_directory – where `tocsin up` keeps its store and token, and where the other commands look
 *  for the token.
 */
#ifndef DATA_DIRECTORY_H
#define DATA_DIRECTORY_H

#include "proto/model/status.h"

//  $XDG_STATE_HOME/tocsin, or else ~/.local/state/tocsin. free () it; NULL and a problem without a home.
char *data_directory_default (problem_t *problem);

//  As it is called from everywhere: with the current directory before what does not start with /.
//  free () it.
char *data_directory_absolute (const char *path);

//  Makes it, for its owner alone, with the directories above it.
status_t data_directory_make (const char *path, problem_t *problem);

//  "DIRECTORY/NAME"; free () it.
char *data_directory_file (const char *path, const char *name);

#endif
