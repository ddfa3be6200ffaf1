/*  feeds_take – what feeds want done: one effect after another, and when they want to be asked again. */
#include <stdlib.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "worker/feed/feeds.h"
#include "worker/feed/feeds_state.h"

static void
let_go (feeds_t *self)
{
    if (!self->notice)
        return;
    event_destroy (&self->notice->delivery.event);
    free (self->notice->subscription);
    free (self->notice);
    self->notice = NULL;
}

static bool
take_notice (feeds_t *self, feeds_effect_t *effect)
{
    notice_t *notice = self->notices;
    if (!notice)
        return false;
    DL_DELETE (self->notices, notice);
    self->notice = notice;
    *effect = (feeds_effect_t){.subscription = notice->subscription,
                               .delivery = &notice->delivery,
                               .error = notice->error,
                               .partition = notice->partition,
                               .seqs = notice->seqs};
    effect->kind = (__typeof__ (effect->kind))notice->kind;
    return true;
}

//  With a new socket all is wanted anew.
static bool
take_connection (feeds_t *self, feeds_effect_t *effect)
{
    if (!self->wants_connection || !self->feeds || self->is_stopping)
        return false;
    self->wants_connection = false;
    feed_state_t *feed, *next;
    HASH_ITER (hh, self->feeds, feed, next)
    feed->is_new = feed->subscription != NULL;
    *effect = (feeds_effect_t){.kind = FEEDS_CONNECT, .endpoint = self->endpoint};
    return true;
}

static bool
take_want (feeds_t *self, feeds_effect_t *effect)
{
    feed_state_t *feed, *next;
    HASH_ITER (hh, self->feeds, feed, next)
    {
        if (!feed->is_new || !feed->subscription)
            continue;
        feed->is_new = false;
        *effect = (feeds_effect_t){.kind = FEEDS_WANT, .subscription = feed->id};
        return true;
    }
    return false;
}

static bool
take_listen (feeds_t *self, feeds_effect_t *effect)
{
    if (!self->session || !self->wants_listen || self->listen_due_ms > self->now_ms)
        return false;
    self->listen_due_ms = self->now_ms + self->heartbeat_ms;
    self->out = (message_t){.command = COMMAND_LISTEN, .session = self->session};
    *effect = (feeds_effect_t){.kind = FEEDS_SEND, .message = &self->out};
    return true;
}

static bool
may_run (const feed_state_t *feed)
{
    const subscription_t *subscription = feed->subscription;
    return subscription && !subscription->is_paused && !subscription->is_disabled;
}

//  ---- stretches

static bool
wants_page (const feeds_t *self, const place_state_t *place)
{
    return topic_lacks (&place->topic) && may_run (place->feed) &&
           place->topic.count <= self->settings.events_most / 4 &&
           (place->topic.count == 0 || self->bytes <= self->settings.bytes_most / 2);
}

//  The next in turn after who asked last, so that one far behind keeps no other waiting.
static place_state_t *
whose_page (const feeds_t *self)
{
    place_state_t *first = NULL;
    bool has_passed = false;
    for (feed_state_t *feed = self->feeds; feed; feed = feed->hh.next)
        for (size_t i = 0; i < feed->partitions; i++) {
            place_state_t *place = &feed->places [i];
            bool wants = wants_page (self, place);
            if (wants && has_passed)
                return place;
            if (wants && !first)
                first = place;
            has_passed |= place == self->turn;
        }
    return first;
}

static bool
take_page (feeds_t *self, feeds_effect_t *effect)
{
    if (!self->session || self->asked || self->is_stopping || self->ask_due_ms > self->now_ms)
        return false;
    place_state_t *place = whose_page (self);
    if (!place)
        return false;
    self->asked = self->turn = place;
    self->asked_above = topic_ask (&place->topic);
    self->asked_ms = self->now_ms;
    self->out = (message_t){.command = COMMAND_CATCH_UP,
                            .session = self->session,
                            .subscription = place->feed->id,
                            .partition = place->partition,
                            .above = self->asked_above};
    *effect = (feeds_effect_t){.kind = FEEDS_SEND, .message = &self->out};
    return true;
}

//  ---- attempts

static void
begin (feeds_t *self, place_state_t *place, feeds_effect_t *effect)
{
    run_state_t *run = ALLOCATE (run_state_t);
    run->subscription = subscription_ref (place->feed->subscription);
    const subscription_t *subscription = run->subscription;
    run->place = place;
    run->target = (target_t){.subscription = subscription->id,
                             .version = subscription->version,
                             .deliver = subscription->deliver_json,
                             .deliver_size = subscription->deliver_size,
                             .timeout_ms = subscription->retry.timeout_ms};
    run->delivery = (delivery_t){.attempt = place->attempts + 1,
                                 .deadline_ms = 2 * subscription->retry.timeout_ms,
                                 .event = event_ref (place->topic.held->event)};
    place->run = run;
    DL_APPEND (self->runs, run);
    self->run_count++;
    *effect = (feeds_effect_t){.kind = FEEDS_BEGIN,
                               .subscription = subscription->id,
                               .delivery = &run->delivery,
                               .target = &run->target};
}

static bool
is_due (const place_state_t *place)
{
    return place->topic.held && !place->run && may_run (place->feed);
}

static bool
take_begin (feeds_t *self, feeds_effect_t *effect)
{
    if (self->is_stopping || self->run_count >= self->settings.runs_most)
        return false;
    for (feed_state_t *feed = self->feeds; feed; feed = feed->hh.next)
        for (size_t i = 0; i < feed->partitions; i++) {
            place_state_t *place = &feed->places [i];
            if (!is_due (place) || place->due_ms > self->now_ms)
                continue;
            begin (self, place, effect);
            return true;
        }
    return false;
}

bool
feeds_take (feeds_t *self, feeds_effect_t *effect)
{
    let_go (self);
    return take_notice (self, effect) || take_connection (self, effect) ||
           take_want (self, effect) || take_listen (self, effect) || take_page (self, effect) ||
           take_begin (self, effect);
}

static int64_t
earlier (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t
feeds_deadline (const feeds_t *self)
{
    int64_t deadline_ms = INT64_MAX;
    if (self->session && self->wants_listen)
        deadline_ms = self->listen_due_ms;
    if (self->session && self->asked)
        deadline_ms = earlier (deadline_ms, self->asked_ms + 3 * self->heartbeat_ms);
    else if (self->session && self->ask_due_ms > self->now_ms && whose_page (self))
        deadline_ms = earlier (deadline_ms, self->ask_due_ms);
    if (self->is_stopping || self->run_count >= self->settings.runs_most)
        return deadline_ms;
    for (const feed_state_t *feed = self->feeds; feed; feed = feed->hh.next)
        for (size_t i = 0; i < feed->partitions; i++)
            if (is_due (&feed->places [i]))
                deadline_ms = earlier (deadline_ms, feed->places [i].due_ms);
    return deadline_ms;
}

feeds_view_t
feeds_look (const feeds_t *self)
{
    feeds_view_t view = {.runs = self->run_count};
    for (const feed_state_t *feed = self->feeds; feed; feed = feed->hh.next)
        for (size_t i = 0; i < feed->partitions; i++) {
            view.held += feed->places [i].topic.count;
            view.lacking += topic_lacks (&feed->places [i].topic);
        }
    return view;
}
