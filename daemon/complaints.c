#include "daemon/complaints.h"

//  FNV-1a: two subjects with one hash would be one line a minute for both.
static uint64_t
complaint_hash (const char *subject)
{
    uint64_t hash = 14695981039346656037u;
    for (; *subject; subject++)
        hash = (hash ^ (unsigned char)*subject) * 1099511628211u;
    return hash;
}

static bool
complaint_is_known (const complaints_t *self, uint64_t hash)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->subjects [i] == hash)
            return true;
    return false;
}

bool
complaints_may_say (complaints_t *self, const char *subject, int64_t now_ms)
{
    if (self->count == 0)
        self->since_ms = now_ms;
    uint64_t hash = complaint_hash (subject);
    if (self->count == COMPLAINT_SUBJECTS || complaint_is_known (self, hash)) {
        self->left_out++;
        return false;
    }
    self->subjects [self->count++] = hash;
    return true;
}

size_t
complaints_close (complaints_t *self, int64_t now_ms)
{
    if (self->count == 0 || now_ms - self->since_ms < COMPLAINT_MINUTE_MS)
        return 0;
    size_t left_out = self->left_out;
    *self = (complaints_t){0};
    return left_out;
}
