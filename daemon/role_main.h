/*  role_main – what the mains of the three daemons share: options, settings, signals, exit codes.
 *
 *      static void *start (const settings_t *settings, void *zmq, problem_t *problem) …broker_new…
 *      static void stop (void *self) …broker_destroy…
 *
 *      int main (int argc, char **argv)
 *      {
 *          static const role_t role = {"broker", "Keeps events and …", start, stop};
 *          return role_main (argc, argv, &role);
 *      }
 *
 *  Reads --config FILE, the environment and --set KEY=VALUE, starts the role, tells the supervisor
 *  (sd_notify), waits for SIGTERM or SIGINT, and stops it in order. A second SIGINT ends at once.
 *  Whatever fails is one line on stderr and an exit code: 1 it cannot run, 64 the command line,
 *  78 the configuration.
 */
#ifndef ROLE_MAIN_H
#define ROLE_MAIN_H

#include "daemon/settings.h"

enum { EXIT_USAGE = 64, EXIT_CONFIGURATION = 78 };  //  as in sysexits.h

typedef struct {
    const char *name;  //  "broker": of the program tocsin-broker, and its role in the log
    const char *text;  //  for --help: what it does, in a whole sentence

    //  NULL and a problem when it cannot start. settings and the ZeroMQ context outlive it.
    void *(*start) (const settings_t *settings, void *zmq, problem_t *problem);
    void (*stop) (void *self);
} role_t;

int role_main (int argc, char **argv, const role_t *role);

//  The exit code for a problem at start: 78 for BAD_SETTING, otherwise 1.
int role_exit_code (const problem_t *problem);

#endif
