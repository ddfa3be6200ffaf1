/*  exec_action – the action `exec`: a program of the worker's configuration is run for each event.
 *
 *  The program gets the event on stdin, as a CloudEvent in JSON, and in its environment; what it
 *  writes on stdout is the result. docs/actions.md has the rest.
 */
#ifndef EXEC_ACTION_H
#define EXEC_ACTION_H

#include "worker/actions/action.h"
#include "worker/exec/helper.h"
#include "worker/exec/program.h"

typedef struct {
    const helper_t *helper;      //  borrowed, as are the programs
    const programs_t *programs;  //
} exec_settings_t;

extern const action_t exec_action;

//  The schema of {"name": "exec", "program": …}, with the names there are; free () it.
char *exec_schema (const programs_t *programs);

#endif
