/*  What a session says, when it is due: the messages to the broker, in the order in which they
 *  matter. Whatever must not be lost is said again until it is answered.
 */
#include <string.h>

#include "proto/model/allocate.h"
#include "worker/session_state.h"

static bool
say_hello (worker_session_t *self)
{
    if (self->is_leaving || self->hello_due_ms > self->now_ms)
        return false;
    self->out =
        (message_t){.command = COMMAND_HELLO,
                    .name = self->settings.name,
                    .version = self->settings.version,
                    .actions = (const char **)(uintptr_t)self->settings.actions,
                    .action_count = self->settings.action_count,
                    .capacity = self->settings.capacity,
                    .instance = self->settings.instance,
                    .former = self->former,
                    .schemas = (const char **)(uintptr_t)self->settings.schemas,
                    .schema_count = self->settings.schemas ? self->settings.action_count : 0,
                    .labels = (const char **)(uintptr_t)self->settings.labels,
                    .label_count = self->settings.label_count,
                    .subscriptions = (const char **)(uintptr_t)self->settings.subscriptions,
                    .subscription_count = self->settings.subscription_count};
    self->hellos++;
    int64_t half_ms = self->patience_ms / 2;
    self->hello_due_ms =
        self->now_ms + half_ms + (int64_t)worker_session_random (self, (uint64_t)half_ms);
    if (self->patience_ms < HELLO_MOST_MS)
        self->patience_ms *= 2;
    return true;
}

static void
note_settlement (worker_session_t *self, size_t count, const settlement_t *settlement)
{
    if (count == self->settlement_room) {
        self->settlement_room = 2 * self->settlement_room + 16;
        self->settlements =
            allocate_again (self->settlements, self->settlement_room, sizeof *self->settlements);
    }
    self->settlements [count] = *settlement;
}

static bool
say_settle (worker_session_t *self)
{
    size_t most = (size_t)self->settings.limits->batch_events;
    size_t most_bytes = (size_t)self->settings.limits->frame_bytes / BATCH_SHARE_OF_A_FRAME;
    size_t count = 0;
    size_t bytes = 0;
    holding_t *holding;
    while (count < most && bytes < most_bytes &&
           (holding = holdings_first (self->holdings, HOLDING_ENDED))) {
        const settlement_t *settlement = &holding->settlement;
        bytes += strlen (settlement->error) + strlen (settlement->result);
        note_settlement (self, count++, settlement);
        holdings_say (self->holdings, holding, self->now_ms);
    }
    if (count == 0)
        return false;
    self->out = (message_t){.command = COMMAND_SETTLE,
                            .session = self->id,
                            .settlements = self->settlements,
                            .settlement_count = count};
    return true;
}

//  Once: one that is lost is made good by the next heartbeat, which does not list the lease.
static bool
say_release (worker_session_t *self)
{
    if (self->released_count == 0)
        return false;
    size_t most = (size_t)self->settings.limits->batch_events;
    size_t count = self->released_count < most ? self->released_count : most;
    self->released_count -= count;
    self->out = (message_t){.command = COMMAND_RELEASE,
                            .session = self->id,
                            .leases = self->released + self->released_count,
                            .lease_count = count};
    return true;
}

static bool
say_heartbeat (worker_session_t *self)
{
    if (self->heartbeat_due_ms > self->now_ms)
        return false;
    self->heartbeat_due_ms = self->now_ms + self->heartbeat_ms;
    self->wants_credit_said = true;
    self->wants_bye_said = self->is_leaving;

    size_t count = holdings_leases (self->holdings);
    if (count > self->lease_room) {
        self->lease_room = count * 2;
        self->leases = allocate_again (self->leases, self->lease_room, sizeof *self->leases);
        self->begun = allocate_again (self->begun, self->lease_room, sizeof *self->begun);
    }
    holdings_list (self->holdings, self->leases);
    holdings_list_begun (self->holdings, self->begun);
    self->out = (message_t){.command = COMMAND_HEARTBEAT,
                            .session = self->id,
                            .leases = self->leases,
                            .lease_count = count,
                            .begun = self->begun,
                            .begun_count = holdings_count (self->holdings, HOLDING_BEGUN),
                            .tells_begun = true,
                            .capacity = self->capacity,
                            .received = self->received};
    return true;
}

//  In steps, so that it is not a message a delivery; at once when there is none left.
static bool
credit_is_worth_it (const worker_session_t *self, uint64_t credit, uint64_t bytes)
{
    uint64_t step = (uint64_t)self->capacity / 4;
    uint64_t byte_step = (uint64_t)self->settings.capacity_bytes / 4;
    bool is_used_up =
        self->granted <= self->received || self->bytes_granted <= self->bytes_received;
    uint64_t more = credit - self->granted;
    uint64_t more_bytes = bytes - self->bytes_granted;
    return (more > 0 && more >= step) || (more_bytes > 0 && more_bytes >= byte_step) ||
           (is_used_up && (more > 0 || more_bytes > 0));
}

static bool
say_credit (worker_session_t *self)
{
    if (self->is_leaving || self->broker_leaves)
        return false;
    uint64_t credit = worker_session_credit (self);
    uint64_t bytes = worker_session_credit_bytes (self);
    if (!self->wants_credit_said && !credit_is_worth_it (self, credit, bytes))
        return false;
    self->wants_credit_said = false;
    self->granted = credit;
    self->bytes_granted = bytes;
    self->out = (message_t){.command = COMMAND_CREDIT,
                            .session = self->id,
                            .deliveries_granted = credit,
                            .bytes_granted = bytes};
    return true;
}

static bool
say_bye (worker_session_t *self)
{
    if (!self->wants_bye_said)
        return false;
    self->wants_bye_said = false;
    self->out = (message_t){.command = COMMAND_BYE, .session = self->id};
    return true;
}

bool
worker_session_say (worker_session_t *self)
{
    if (self->id == 0)
        return say_hello (self);
    bool has_said = say_settle (self) || say_release (self) || say_heartbeat (self) ||
                    say_credit (self) || worker_session_say_word (self) || say_bye (self);
    if (has_said)
        self->said_ms = self->now_ms;
    return has_said;
}
