#include "jq/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/transform_talk.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0  //  not known here, so nothing can be confined, nor evaluated
#endif

enum { FILES = 8, FORBIDDEN = SECCOMP_RET_ERRNO | EPERM };

//  Memory, time, the one socket, and an end. Whatever else a program makes libjq try gets EPERM.
static const uint32_t allowed [] = {
    SYS_read,     SYS_write,          SYS_readv,         SYS_writev,       SYS_brk,
    SYS_mmap,     SYS_munmap,         SYS_mremap,        SYS_madvise,      SYS_futex,
    SYS_exit,     SYS_exit_group,     SYS_rt_sigreturn,  SYS_getpid,       SYS_gettid,
    SYS_tgkill,   SYS_rt_sigprocmask, SYS_clock_gettime, SYS_gettimeofday, SYS_setitimer,
    SYS_getrandom};
enum { ALLOWED = sizeof allowed / sizeof *allowed };

static bool
limit (__rlimit_resource_t resource, rlim_t most)
{
    return setrlimit (resource, &(struct rlimit){most, most}) == 0;
}

/*  A list of comparisons with the number of the call; the last two are where they lead to. A call of
 *  another architecture, x32 among them, has other numbers: it ends the process.
 */
static bool
filter (void)
{
    struct sock_filter code [ALLOWED + 8];
    uint8_t at = 0;
    code [at++] = (struct sock_filter)BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                offsetof (struct seccomp_data, arch));
    code [at++] = (struct sock_filter)BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    code [at++] = (struct sock_filter)BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code [at++] =
        (struct sock_filter)BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED; i++)
        code [at++] = (struct sock_filter)BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, allowed [i],
                                                    (uint8_t)(ALLOWED - i), 0);
    code [at++] = (struct sock_filter)BPF_STMT (BPF_RET | BPF_K, FORBIDDEN);
    code [at++] = (struct sock_filter)BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = at, .filter = code};
    return prctl (PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program) == 0;
}

bool
confine (void)
{
    static char *nothing [1];
    environ = nothing;  //  not NULL, which libjq does not expect
    signal (SIGPIPE, SIG_IGN);
    //  Whoever began this is gone: an endless program must not outlive it.
    prctl (PR_SET_PDEATHSIG, (long)SIGKILL);
    prctl (PR_SET_DUMPABLE, 0L);
    return ARCHITECTURE != 0 && close_range (STDERR_FILENO + 1, ~0U, 0) == 0 &&
           limit (RLIMIT_CORE, 0) && limit (RLIMIT_FSIZE, 0) && limit (RLIMIT_NOFILE, FILES) &&
           limit (RLIMIT_AS, TRANSFORM_MEMORY_BYTES) &&
           prctl (PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 && filter ();
}
