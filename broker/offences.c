#include "broker/offences.h"

#include "daemon/log.h"
#include "proto/wire/manners.h"

void
offences_note_bad (offences_t *self, status_t status)
{
    metrics_add_labelled (self->metrics, METRIC_bad_messages, status_name (status), 1);
}

void
offences_note_ignored (offences_t *self)
{
    metrics_add (self->metrics, METRIC_messages_ignored, 1);
}

void
offences_note_shunned (offences_t *self, const char *name, const problem_t *why, int64_t now_ms)
{
    metrics_add (self->metrics, METRIC_workers_shunned, 1);
    if (complaints_may_say (&self->complaints, name, now_ms))
        log_warning ("broker", "%s%s is not heard for %d s: %s",
                     *name ? "worker " : "somebody at broker/back who never said HELLO", name,
                     MANNERS_SHUNNED_MS / 1000, why->text);
}

void
offences_beat (offences_t *self, int64_t now_ms)
{
    size_t left_out = complaints_close (&self->complaints, now_ms);
    if (left_out > 0)
        log_warning ("broker", "%zu more were not heard any more in the last minute or so",
                     left_out);
}
