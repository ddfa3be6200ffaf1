#include "tests/sim/broker_notes.h"

static void
note_change (world_t *world, uint64_t ticket, const change_t *change)
{
    long long seq = (long long)change->seq;
    const char *id = change->subscription ? change->subscription : "";
    switch (change->kind) {
        case CHANGE_PROGRESS:
            world_note (world, "SAVE %llu: %s in %d floor %lld%s", (unsigned long long)ticket, id,
                        change->partition, (long long)change->progress->floor,
                        change->is_quiet ? " quiet" : "");
            break;
        case CHANGE_EXCEPTION:
            world_note (world, "SAVE %llu: %s in %d seq %lld %s", (unsigned long long)ticket, id,
                        change->partition, seq, exception_state_name (change->exception.state));
            break;
        case CHANGE_EXCEPTION_ENDED:
            world_note (world, "SAVE %llu: %s in %d seq %lld ended", (unsigned long long)ticket, id,
                        change->partition, seq);
            break;
        case CHANGE_LEVEL:
            world_note (world, "SAVE %llu: level of %d is %lld", (unsigned long long)ticket,
                        change->partition, seq);
            break;
        case CHANGE_TRIM:
            world_note (world, "SAVE %llu: %d is trimmed up to %lld", (unsigned long long)ticket,
                        change->partition, seq);
            break;
        case CHANGE_COUNT:
            world_note (world, "SAVE %llu: %s counts %s", (unsigned long long)ticket, id,
                        change->counted);
            break;
        case CHANGE_HEALTH:
        case CHANGE_ATTEMPT:
        case CHANGE_SUBSCRIPTION:
        case CHANGE_SUBSCRIPTION_GONE: break;
    }
}

void
broker_notes_input (world_t *world, const input_t *input)
{
    if (input->kind == INPUT_SETTLE)
        for (size_t i = 0; i < input->settle.count; i++)
            world_note (world, "SETTLE L%llu: %s, %d",
                        (unsigned long long)input->settle.settles [i].lease,
                        outcome_name (input->settle.settles [i].outcome),
                        input->settle.settles [i].http_status);
    else if (input->kind == INPUT_GONE)
        world_note (world, "GONE %llx", (unsigned long long)input->session);
    else if (input->kind == INPUT_SUBSCRIBE)
        world_note (world, "SUBSCRIBE %s", input->subscribe.subscription->id);
}

static void
note_save (world_t *world, const effect_t *effect)
{
    for (size_t i = 0; i < effect->save.event_count; i++)
        world_note (world, "SAVE %llu: %s of %s via %s", (unsigned long long)effect->save.ticket,
                    effect->save.events [i]->id, effect->save.events [i]->causation,
                    effect->save.events [i]->via);
    for (size_t i = 0; i < effect->save.count; i++)
        note_change (world, effect->save.ticket, &effect->save.changes [i]);
}

void
broker_notes_effect (world_t *world, const effect_t *effect)
{
    if (effect->kind == EFFECT_APPEND)
        for (size_t i = 0; i < effect->append.count; i++)
            world_note (world, "APPEND %llu: %s in %d", (unsigned long long)effect->append.ticket,
                        effect->append.events [i]->id, effect->append.events [i]->partition);
    else if (effect->kind == EFFECT_SAVE)
        note_save (world, effect);
    else if (effect->kind == EFFECT_READ)
        world_note (world, "READ %llu: in %d above %lld%s", (unsigned long long)effect->read.read,
                    effect->read.partition, (long long)effect->read.above_seq,
                    effect->read.limit_events == 1 ? ", one" : "");
    else if (effect->kind == EFFECT_DELIVER)
        world_note (world, "DELIVER L%llu: %s (seq %lld in %d) for %s because %s",
                    (unsigned long long)effect->deliver.lease, effect->deliver.event->id,
                    (long long)effect->deliver.event->seq, effect->deliver.event->partition,
                    effect->deliver.subscription->id, reason_name (effect->reason));
}

void
broker_notes_track (world_t *world, int32_t partition, const track_record_t *track)
{
    world_note (world, "found: %s in %d floor %lld", track->subscription, partition,
                (long long)track->progress.floor);
    for (size_t i = 0; i < track->exception_count; i++)
        world_note (world, "found: %s in %d seq %lld %s", track->subscription, partition,
                    (long long)track->exceptions [i].seq,
                    exception_state_name (track->exceptions [i].exception.state));
}
