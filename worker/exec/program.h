/*  program – what the action exec may run, as the worker's own configuration names it.
 *
 *  The API only ever says a name; what it stands for is here, and nowhere else.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <sys/types.h>

#include "daemon/settings.h"

enum { PROGRAM_GROUPS = 32, EXEC_USER_KEEP = 0, EXEC_USER_SET = 1 };

//  Whom a program runs as.
typedef struct {
    int32_t is_set;  //  0: as the worker
    uid_t user;
    gid_t group;
    int32_t group_count;
    gid_t groups [PROGRAM_GROUPS];
} exec_user_t;

typedef struct {
    char name [SETTINGS_NAME_SIZE];
    char **command;      //  its path, its arguments, NULL; ours
    char **environment;  //  NAME=VALUE …, NULL; ours
    const char *directory;
    exec_user_t user;
    int64_t timeout_ms, grace_ms, memory_bytes, output_bytes, file_bytes, processes;
} program_t;

typedef struct {
    program_t *list;
    size_t count;
} programs_t;

/*  All that are configured under worker/exec; none is fine. BAD_SETTING and a sentence for one that
 *  could never run. The settings stay.
 */
status_t programs_read (programs_t *self, const settings_t *settings, problem_t *problem);
void programs_clear (programs_t *self);
const program_t *programs_find (const programs_t *self, const char *name);  //  NULL: there is none

#endif
