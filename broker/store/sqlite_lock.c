#include "broker/store/sqlite_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOLDER_SIZE = 80 };  //  bytes: "process 4711 (tocsin-broker)"

static status_t
say_cannot_open (const char *lock_path, problem_t *problem)
{
    int error = errno;
    if (error == ENOENT || error == ENOTDIR)
        return problem_set (problem, STATUS_SYSTEM,
                            "store: the directory of %s is not there; make it (mkdir -p), or give "
                            "another store/url",
                            lock_path);
    if (error == ENOSPC || error == EDQUOT)
        return problem_set (problem, STATUS_SYSTEM, "store: no room on the disk for %s; make some",
                            lock_path);
    return problem_set (
        problem, STATUS_SYSTEM,
        "store: %s cannot be opened: %s; let this user write there, or give another "
        "store/url",
        lock_path, strerror (error));
}

//  What the one who holds it has written, or less: he may be about to.
static void
read_holder (int lock, char holder [HOLDER_SIZE])
{
    ssize_t size = pread (lock, holder, HOLDER_SIZE - 1, 0);
    holder [size > 0 ? size : 0] = 0;
    holder [strcspn (holder, "\n")] = 0;
    for (char *at = holder; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    if (!*holder)
        strcpy (holder, "another process");
}

static void
write_holder (int lock)
{
    char holder [HOLDER_SIZE];
    int size = snprintf (holder, sizeof holder, "process %ld (%.40s)\n", (long)getpid (),
                         program_invocation_short_name);
    //  If the disk is full the lock holds all the same, namelessly.
    if (ftruncate (lock, 0) == 0 && pwrite (lock, holder, (size_t)size, 0) != size)
        (void)!ftruncate (lock, 0);
}

status_t
lock_take (const char *path, int *lock, problem_t *problem)
{
    char lock_path [PATH_MAX];
    if (snprintf (lock_path, sizeof lock_path, "%s.lock", path) >= (int)sizeof lock_path)
        return problem_set (problem, STATUS_SYSTEM, "store: %s is too long for a path", path);
    int fd = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return say_cannot_open (lock_path, problem);

    //  Not of the process but of this descriptor: two stores in one process exclude each other too.
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl (fd, F_OFD_SETLK, &whole) == 0) {
        write_holder (fd);
        *lock = fd;
        return STATUS_OK;
    }
    status_t status;
    if (errno == EAGAIN || errno == EACCES) {
        char holder [HOLDER_SIZE];
        read_holder (fd, holder);
        status = problem_set (problem, STATUS_STORE_LOCKED,
                              "store: %s is locked by %s: stop it, or give this broker another "
                              "store/url",
                              path, holder);
    }
    else
        status = problem_set (problem, STATUS_SYSTEM,
                              "store: %s cannot be locked: %s; put the store on a local disk",
                              lock_path, strerror (errno));
    close (fd);
    return status;
}

void
lock_give_back (int lock)
{
    close (lock);
}
