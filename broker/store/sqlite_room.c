#include "broker/store/sqlite_room.h"

#include <inttypes.h>
#include <sys/statvfs.h>
#include <time.h>

enum { LOOK_MS = 100, MIB_BITS = 20 };
enum { COPIES = 2 };  //  an event goes to the write-ahead log, and from there home

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * INT64_C (1000) + now.tv_nsec / 1000000;
}

int64_t
room_look (const char *path)
{
    struct statvfs found;
    if (statvfs (path, &found))
        return INT64_MAX;
    uint64_t unit = found.f_frsize ? found.f_frsize : found.f_bsize;
    uint64_t most = INT64_MAX / (unit ? unit : 1);
    return found.f_bavail < most ? (int64_t)(found.f_bavail * unit) : INT64_MAX;
}

bool
room_is_due (const room_t *self)
{
    return self->noted_ms == 0 || now_ms () - self->noted_ms >= LOOK_MS;
}

void
room_note (room_t *self, int64_t free_bytes)
{
    self->free_bytes = free_bytes;
    self->noted_ms = now_ms ();
}

bool
room_is_scarce (const room_t *self, int64_t bytes)
{
    return self->free_bytes - self->least_bytes < bytes;
}

status_t
room_check (room_t *self, const char *path, int64_t event_bytes, problem_t *problem)
{
    if (self->least_bytes == 0)
        return STATUS_OK;
    if (self->free_bytes - COPIES * event_bytes >= self->least_bytes) {
        self->free_bytes -= COPIES * event_bytes;
        return STATUS_OK;
    }
    return problem_set (problem, STATUS_FULL,
                        "store: %s: its disk has %" PRId64 " MiB free, less than "
                        "store/min_free_bytes; make room, nothing is lost",
                        path, self->free_bytes >> MIB_BITS);
}
