#include "worker/exec/descendants.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/model/allocate.h"

enum {
    PASSES = 64,      //  of stopping; one that is not held to a number of processes might outrun us
    STAT_BYTES = 512  //  of /proc/PID/stat: as far as we read it
};

typedef struct {
    pid_t pid, parent;
    char state;
    bool is_ours;
} member_t;

typedef struct {
    member_t *list;
    size_t count, room;
} family_t;

void
descendants_adopt (void)
{
    prctl (PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
}

//  "PID (name) S PARENT …", where the name may have anything in it. False: it is gone.
static bool
member_read (member_t *self, const char *name)
{
    char path [64], text [STAT_BYTES];
    snprintf (path, sizeof path, "/proc/%.20s/stat", name);
    int file = open (path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t size = read (file, text, sizeof text - 1);
    close (file);
    if (size <= 0)
        return false;
    text [size] = '\0';
    const char *after = strrchr (text, ')');
    int parent;
    if (!after || sscanf (after + 1, " %c %d", &self->state, &parent) != 2)
        return false;
    self->pid = (pid_t)strtol (name, NULL, 10);
    self->parent = (pid_t)parent;
    self->is_ours = false;
    return true;
}

static void
family_look (family_t *self)
{
    self->count = 0;
    DIR *directory = opendir ("/proc");
    if (!directory)
        return;
    const struct dirent *entry;
    while ((entry = readdir (directory))) {
        member_t member;
        if (!isdigit ((unsigned char)*entry->d_name) || !member_read (&member, entry->d_name))
            continue;
        if (self->count == self->room) {
            self->room = self->room ? 2 * self->room : 256;
            self->list = allocate_again (self->list, self->room, sizeof *self->list);
        }
        self->list [self->count++] = member;
    }
    closedir (directory);
}

static bool
is_among (pid_t pid, const pid_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list [i] == pid)
            return true;
    return false;
}

static bool
family_has (const family_t *self, pid_t pid)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->list [i].pid == pid)
            return self->list [i].is_ours;
    return false;
}

//  Marks ours, generation by generation. How many there are.
static size_t
family_mark (family_t *self, const pid_t *spared, size_t spared_count)
{
    size_t ours = 0;
    pid_t self_pid = getpid ();
    for (bool has_new = true; has_new;) {
        has_new = false;
        for (size_t i = 0; i < self->count; i++) {
            member_t *member = &self->list [i];
            if (member->is_ours || is_among (member->pid, spared, spared_count) ||
                (member->parent != self_pid && !family_has (self, member->parent)))
                continue;
            member->is_ours = has_new = true;
            ours++;
        }
    }
    return ours;
}

//  False: all of them stand still, or are dead already.
static bool
family_stop (const family_t *self)
{
    bool has_stopped = false;
    for (size_t i = 0; i < self->count; i++) {
        const member_t *member = &self->list [i];
        if (!member->is_ours || strchr ("TtZX", member->state))
            continue;
        has_stopped |= kill (member->pid, SIGSTOP) == 0;
    }
    return has_stopped;
}

static void
family_kill (const family_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->list [i].is_ours)
            kill (self->list [i].pid, SIGKILL);
}

//  Whether there are children, once the dead ones are reaped.
static bool
reap (void)
{
    pid_t pid;
    while ((pid = waitpid (-1, NULL, WNOHANG)) > 0)
        continue;
    return pid == 0;
}

void
descendants_kill (const pid_t *spared, size_t count)
{
    family_t family = {0};
    while (count > 0 || reap ()) {
        size_t ours = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            family_look (&family);
            ours = family_mark (&family, spared, count);
            if (!family_stop (&family))
                break;
        }
        if (ours == 0)
            break;
        family_kill (&family);
        poll (NULL, 0, 1);  //  until they have died: it is not known of all when
        if (count > 0)
            break;  //  whoever spares some reaps by itself, and comes again
    }
    free (family.list);
}

int64_t
tasks_of_user (uid_t user)
{
    int64_t tasks = 0;
    DIR *directory = opendir ("/proc");
    if (!directory)
        return 0;
    const struct dirent *entry;
    while ((entry = readdir (directory))) {
        char path [300];
        struct stat status;
        if (!isdigit ((unsigned char)*entry->d_name))
            continue;
        snprintf (path, sizeof path, "%s/task", entry->d_name);
        if (fstatat (dirfd (directory), path, &status, 0) == 0 && status.st_uid == user)
            tasks += (int64_t)status.st_nlink - 2;  //  a directory for each thread
    }
    closedir (directory);
    return tasks;
}
