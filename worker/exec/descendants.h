/*  descendants – the processes that came of this one, and an end to all of them.
 *
 *  A program may leave its process group, and a grandchild its parent; but a process that is a
 *  "subreaper" inherits whatever loses its parent below it, so that nobody leaves the family. Those
 *  of a group go at once; the others are stopped one after another before they are killed: what is
 *  stopped makes no more of them, and they are at most as many as the limit on processes allows.
 */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

//  This process inherits from now on.
void descendants_adopt (void);

/*  Kills all that came of it, and reaps them. spared: children that are left alone, with what is
 *  below them.
 */
void descendants_kill (const pid_t *spared, size_t count);

//  Processes and threads of a user now, by /proc: what RLIMIT_NPROC counts.
int64_t tasks_of_user (uid_t user);

#endif
