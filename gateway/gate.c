#include "gateway/gate.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"

void
gate_sleep (gate_t *self, atomic_bool *is_done, int64_t deadline_ms)
{
    atomic_fetch_add (&self->sleepers, 1);
    for (;;) {
        unsigned opened = atomic_load (&self->opened);
        int64_t left_ms = deadline_ms - monotonic_ms ();
        if (atomic_load (is_done) || left_ms <= 0)
            break;
        struct timespec left = {left_ms / 1000, left_ms % 1000 * 1000000};
        syscall (SYS_futex, &self->opened, FUTEX_WAIT_PRIVATE, opened, &left, NULL, 0);
    }
    atomic_fetch_sub (&self->sleepers, 1);
}

//  Who has not counted himself as a sleeper yet will see, after he has, that he is done.
void
gate_open (gate_t *self)
{
    atomic_fetch_add (&self->opened, 1);
    if (atomic_load (&self->sleepers) > 0)
        syscall (SYS_futex, &self->opened, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
