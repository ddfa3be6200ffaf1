#include "tests/sim/broker_words.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/labels.h"
#include "proto/model/owned.h"
#include "tests/sim/net.h"

static void
say_confirm (world_t *world, const effect_t *effect)
{
    confirmation_t *list = allocate (effect->confirm.count, sizeof *list);
    for (size_t i = 0; i < effect->confirm.count; i++) {
        list [i].kind = (__typeof__ (list [i].kind))effect->confirm.verdicts [i].kind;
        list [i].partition = effect->confirm.events [i]->partition;
        list [i].seq = effect->confirm.verdicts [i].seq;
    }
    net_send_to_peer (world, effect->peer,
                      &(message_t){.command = COMMAND_CONFIRM,
                                   .request = effect->request,
                                   .confirmations = list,
                                   .confirmation_count = effect->confirm.count});
    free (list);
}

//  The place of a subscription among the targets of a message; it is added if it is not there.
static uint32_t
target_of (message_t *message, const subscription_t *subscription)
{
    for (uint32_t i = 0; i < message->target_count; i++)
        if (message->targets [i].subscription == subscription->id)
            return i;
    message->targets [message->target_count] =
        (target_t){.subscription = subscription->id,
                   .version = subscription->version,
                   .deliver = subscription->deliver_json,
                   .deliver_size = subscription->deliver_size,
                   .timeout_ms = subscription->is_asked ? subscription->ask.timeout_ms
                                                        : subscription->retry.timeout_ms};
    return (uint32_t)message->target_count++;
}

static void
add_delivery (message_t *message, const effect_t *effect)
{
    uint32_t target = target_of (message, effect->deliver.subscription);
    message->deliveries [message->delivery_count++] =
        (delivery_t){.lease = effect->deliver.lease,
                     .number = effect->deliver.number,
                     .attempt = effect->deliver.attempt,
                     .deadline_ms = effect->deliver.deadline_ms,
                     .target = target,
                     .batch = effect->deliver.batch,
                     .event = effect->deliver.event};
}

//  Those of its session, from `first` on.
static void
add_all (message_t *message, const effects_t *effects, size_t first, bool *is_said)
{
    for (size_t i = first; i < effects_count (effects); i++) {
        const effect_t *effect = effects_at (effects, i);
        if (effect->kind != EFFECT_DELIVER || effect->session != message->session)
            continue;
        is_said [i] = true;
        add_delivery (message, effect);
    }
}

void
broker_words_deliver (world_t *world, const effects_t *effects)
{
    size_t count = effects_count (effects);
    bool *is_said = allocate (count, sizeof *is_said);
    target_t *targets = allocate (count, sizeof *targets);
    delivery_t *deliveries = allocate (count, sizeof *deliveries);
    for (size_t i = 0; i < count; i++) {
        const effect_t *first = effects_at (effects, i);
        if (first->kind != EFFECT_DELIVER || is_said [i])
            continue;
        message_t message = {.command = COMMAND_DELIVER,
                             .session = first->session,
                             .targets = targets,
                             .deliveries = deliveries};
        add_all (&message, effects, i, is_said);
        net_send_to_peer (world, first->peer, &message);
    }
    free (is_said);
    free (targets);
    free (deliveries);
}

void
broker_words_say (world_t *world, const effect_t *effect)
{
    message_t message = {.session = effect->session, .request = effect->request};
    switch (effect->kind) {
        case EFFECT_FEED:
        case EFFECT_FEEDS:
        case EFFECT_CATCH_UP: return;  //  broker_feed says them
        case EFFECT_CONFIRM: say_confirm (world, effect); return;
        case EFFECT_DELIVER: return;  //  broker_words_deliver says all of a step
        case EFFECT_REFUSE:
            message.command = COMMAND_REFUSE;
            message.status = effect->refuse.status;
            message.retry_after_ms = effect->refuse.retry_after_ms;
            message.text = "";
            break;
        case EFFECT_WELCOME:
            message.command = COMMAND_WELCOME;
            message.heartbeat_ms = effect->welcome.heartbeat_ms;
            message.former = effect->welcome.former;
            break;
        case EFFECT_SETTLED:
            message.command = COMMAND_SETTLED;
            message.leases = (uint64_t *)effect->settled.leases;
            message.lease_count = effect->settled.count;
            break;
        case EFFECT_CANCEL:
            message.command = COMMAND_CANCEL;
            message.leases = (uint64_t *)effect->cancel.leases;
            message.lease_count = effect->cancel.count;
            break;
        case EFFECT_RESET: message.command = COMMAND_RESET; break;
        case EFFECT_BYE: message.command = COMMAND_BYE; break;
        case EFFECT_ERROR: world_fail (world, "a worker of ours had bad manners"); return;
        case EFFECT_ANSWER:
        case EFFECT_DECIDE:
        case EFFECT_APPEND:
        case EFFECT_SAVE:
        case EFFECT_READ: world_fail (world, "that is not said to anybody"); return;
    }
    net_send_to_peer (world, effect->peer, &message);
}

static settle_t *
read_settles (const message_t *message)
{
    settle_t *settles = allocate (message->settlement_count, sizeof *settles);
    for (size_t i = 0; i < message->settlement_count; i++) {
        const settlement_t *said = &message->settlements [i];
        settles [i] = (settle_t){.lease = said->lease,
                                 .outcome = said->outcome,
                                 .retry_after_ms = said->retry_after_ms,
                                 .disables = said->disables,
                                 .time_ms = said->time_ms,
                                 .duration_ms = said->duration_ms,
                                 .http_status = said->http_status,
                                 .connect_us = said->connect_us,
                                 .tls_us = said->tls_us,
                                 .first_byte_us = said->first_byte_us,
                                 .error = said->error,
                                 .result = said->result,
                                 .counted = said->counts ? said->counted : NULL};
    }
    return settles;
}

//  Until the next HELLO.
static const char *
read_labels (const message_t *hello)
{
    static char labels [64];
    limits_t limits = limits_default ();
    OWNED (text) char *set = labels_new (hello->labels, hello->label_count, &limits, NULL);
    ASSERT (set && strlen (set) < sizeof labels, "workers of a world have few labels");
    return strcpy (labels, set);
}

bool
broker_words_understand (const message_t *message, input_t *input, settle_t **settles)
{
    switch (message->command) {
        case COMMAND_PUBLISH:
            input->kind = INPUT_PUBLISH;
            input->request = message->request;
            input->publish.events = message->events;
            input->publish.count = message->event_count;
            return true;
        case COMMAND_HELLO:
            input->kind = INPUT_HELLO;
            input->hello.name = message->name;
            input->hello.actions = message->actions;
            input->hello.count = message->action_count;
            input->hello.instance = message->instance;
            input->hello.former = message->former;
            input->hello.labels = read_labels (message);
            return true;
        case COMMAND_CREDIT:
            input->kind = INPUT_CREDIT;
            input->credit.deliveries = message->deliveries_granted;
            input->credit.bytes = message->bytes_granted;
            return true;
        case COMMAND_SETTLE:
            input->kind = INPUT_SETTLE;
            input->settle.settles = *settles = read_settles (message);
            input->settle.count = message->settlement_count;
            return true;
        case COMMAND_RELEASE:
            input->kind = INPUT_RELEASE;
            input->release.leases = message->leases;
            input->release.count = message->lease_count;
            return true;
        case COMMAND_HEARTBEAT:
            input->kind = INPUT_ALIVE;
            input->alive.leases = message->leases;
            input->alive.count = message->lease_count;
            input->alive.received = message->received;
            input->alive.begun = message->begun;
            input->alive.begun_count = message->begun_count;
            input->alive.tells_begun = message->tells_begun;
            return true;
        case COMMAND_LISTEN: input->kind = INPUT_LISTEN; return true;
        case COMMAND_CATCH_UP:
            input->kind = INPUT_CATCH_UP;
            input->catch_up.subscription = message->subscription;
            input->catch_up.partition = message->partition;
            input->catch_up.above = message->above;
            return true;
        case COMMAND_PROGRESS:
            input->kind = INPUT_PROGRESS;
            input->progress.lease = message->lease;
            input->progress.percent = message->percent;
            input->progress.text = message->text;
            return true;
        case COMMAND_BYE: input->kind = INPUT_BYE; return true;
        default: return false;
    }
}
