#include "worker/exec/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/exec/descendants.h"

enum {
    FAULTS = 3,           //  the descriptor that says what went wrong, closed by a good execve
    FILES_MOST = 1024,    //  open at a time
    HIGHEST_SIGNAL = 64,  //
    OUT_OF_MEMORY_FIRST = 1000
};

//  What went wrong in the child, for its parent.
typedef struct {
    run_step_t step;
    int error;
} fault_t;

static void
child_refuse (run_step_t step)
{
    fault_t fault = {step, errno};
    ssize_t written = write (FAULTS, &fault, sizeof fault);
    _exit (written == (ssize_t)sizeof fault ? 126 : 127);
}

static void
child_limit (__rlimit_resource_t resource, int64_t most)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)most, .rlim_max = (rlim_t)most};
    struct rlimit now;
    //  A lower one that the worker itself is under stays.
    if (getrlimit (resource, &now) == 0 && now.rlim_max < limit.rlim_max)
        limit.rlim_cur = limit.rlim_max = now.rlim_max;
    if (setrlimit (resource, &limit) != 0)
        child_refuse (STEP_LIMITS);
}

static void
child_take_streams (const streams_t *streams, int faults)
{
    //  The four are above 3, since 0 to 2 are open in the helper and so is its own socket.
    if (dup3 (faults, FAULTS, O_CLOEXEC) < 0 || dup2 (streams->input, STDIN_FILENO) < 0 ||
        dup2 (streams->output, STDOUT_FILENO) < 0 || dup2 (streams->log, STDERR_FILENO) < 0)
        _exit (127);
    close_range (FAULTS + 1, ~0U, 0);
}

//  What was ignored or blocked here is not so for a program.
static void
child_forget_signals (void)
{
    for (int number = 1; number <= HIGHEST_SIGNAL; number++)
        signal (number, SIG_DFL);
    sigset_t none;
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
}

//  When memory is short, the kernel takes this one before worker and host.
static void
child_go_first (void)
{
    int file = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t written = write (file, "1000", 4);
    (void)written;  //  without it, it is as any other
    close (file);
}

static void
child_limit_itself (const errand_t *errand, int64_t tasks)
{
    child_limit (RLIMIT_CORE, 0);
    child_limit (RLIMIT_NOFILE, FILES_MOST);
    child_limit (RLIMIT_FSIZE, errand->file_bytes);
    child_limit (RLIMIT_NPROC, tasks + errand->processes);
    child_limit (RLIMIT_AS, errand->memory_bytes);
}

static void
child_become_user (const exec_user_t *user)
{
    if (!user->is_set)
        return;
    if (setgroups ((size_t)user->group_count, user->groups) != 0 ||
        setresgid (user->group, user->group, user->group) != 0 ||
        setresuid (user->user, user->user, user->user) != 0)
        child_refuse (STEP_USER);
}

static void __attribute__ ((noreturn))
child_main (const errand_read_t *errand, const streams_t *streams, int faults, int64_t tasks,
            pid_t parent)
{
    setsid ();
    child_take_streams (streams, faults);
    child_forget_signals ();
    child_go_first ();
    umask (077);
    child_limit_itself (&errand->numbers, tasks);
    child_become_user (&errand->numbers.user);
    prctl (PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    prctl (PR_SET_PDEATHSIG, (long)SIGKILL);  //  after the user, whose change would undo it
    if (getppid () != parent)
        _exit (127);
    if (chdir (errand->directory) != 0)
        child_refuse (STEP_DIRECTORY);
    execve (errand->arguments [0], errand->arguments, errand->environment);
    child_refuse (STEP_COMMAND);
    _exit (127);
}

pid_t
launch (const errand_read_t *errand, const streams_t *streams, run_step_t *step, int *error)
{
    int faults [2];
    const exec_user_t *user = &errand->numbers.user;
    int64_t tasks = tasks_of_user (user->is_set ? user->user : getuid ());
    pid_t parent = getpid (), child = -1;
    *step = STEP_FORK;
    if (pipe2 (faults, O_CLOEXEC) == 0) {
        child = fork ();
        if (child == 0)
            child_main (errand, streams, faults [1], tasks, parent);
        *error = errno;
        close (faults [1]);
    }
    else
        *error = errno;
    if (child < 0)
        return -1;
    fault_t fault;
    ssize_t size = read (faults [0], &fault, sizeof fault);
    close (faults [0]);
    if (size != (ssize_t)sizeof fault)
        return child;
    waitpid (child, NULL, 0);
    *step = fault.step;
    *error = fault.error;
    return -1;
}
