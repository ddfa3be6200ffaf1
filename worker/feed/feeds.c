#include "worker/feed/feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/backoff.h"
#include "proto/model/owned.h"
#include "worker/feed/feeds_state.h"

feeds_t *
feeds_new (const feeds_settings_t *settings, int64_t now_ms)
{
    feeds_t *self = ALLOCATE (feeds_t);
    self->settings = *settings;
    self->random.state = settings->seed;
    self->now_ms = now_ms;
    self->heartbeat_ms = 1000;
    return self;
}

static notice_t *
feeds_owe (feeds_t *self, int kind, const char *subscription)
{
    notice_t *notice = ALLOCATE (notice_t);
    notice->kind = kind;
    notice->subscription = allocate_copy (subscription);
    DL_APPEND (self->notices, notice);
    return notice;
}

//  What it holds goes; an attempt under way ends for nobody.
static void
place_clear (feeds_t *self, place_state_t *place)
{
    if (place->run)
        place->run->place = NULL;
    place->run = NULL;
    place->attempts = 0;
    place->due_ms = 0;
    if (self->asked == place)
        self->asked = NULL;
    self->bytes -= place->topic.bytes;
    topic_clear (&place->topic);
}

static void
feed_drop (feeds_t *self, feed_state_t *feed)
{
    for (size_t i = 0; i < feed->partitions; i++) {
        if (self->turn == &feed->places [i])
            self->turn = NULL;
        place_clear (self, &feed->places [i]);
    }
    if (!feed->is_new)
        feeds_owe (self, FEEDS_LEAVE, feed->id);
    HASH_DEL (self->feeds, feed);
    subscription_destroy (&feed->subscription);
    free (feed->places);
    free (feed->id);
    free (feed);
}

void
feeds_destroy (feeds_t **self_p)
{
    feeds_t *self = *self_p;
    if (!self)
        return;
    ASSERT (!self->runs, "an attempt under way still looks at its event");
    feed_state_t *feed, *next;
    HASH_ITER (hh, self->feeds, feed, next)
    feed_drop (self, feed);
    notice_t *notice, *after;
    DL_FOREACH_SAFE (self->notices, notice, after)
    {
        event_destroy (&notice->delivery.event);
        free (notice->subscription);
        free (notice);
    }
    self->notices = NULL;
    feeds_effect_t effect;
    self->is_stopping = true;
    feeds_in_session (self, 0, 1000, self->now_ms);
    feeds_take (self, &effect);  //  lets go of the last one taken
    free (self->endpoint);
    free (self);
    *self_p = NULL;
}

//  Whatever FEEDS of the new session says of the log is from after this.
static void
note_ends (feeds_t *self)
{
    for (feed_state_t *feed = self->feeds; feed; feed = feed->hh.next)
        for (size_t i = 0; i < feed->partitions; i++)
            feed->places [i].sure = feed->places [i].topic.end;
}

void
feeds_in_session (feeds_t *self, uint64_t session, int64_t heartbeat_ms, int64_t now_ms)
{
    self->now_ms = now_ms;
    if (session == self->session)
        return;
    self->session = session;
    self->heartbeat_ms = heartbeat_ms > 0 ? heartbeat_ms : 1;
    self->asked = NULL;
    self->ask_due_ms = 0;
    self->wants_listen = session != 0;
    self->listen_due_ms = now_ms;
    self->wants_connection = false;
    free (self->endpoint);
    self->endpoint = NULL;  //  perhaps elsewhere by now: it is told anew
    note_ends (self);
}

void
feeds_note_place (feeds_t *self, const place_state_t *place)
{
    const feed_state_t *feed = place->feed;
    places_put (self->settings.places, feed->id, feed->subscription->created_ms, place->partition,
                place->topic.place);
}

//  ---- which feeds there are

static void
feed_read (feeds_t *self, feed_state_t *feed, const feed_t *told)
{
    problem_t problem = {0};
    subscription_t *subscription =
        subscription_load (told->document, told->document_size, self->settings.limits, &problem);
    feed->version = told->version;
    subscription_destroy (&feed->subscription);
    feed->subscription = subscription;
    if (subscription)
        return;
    notice_t *notice = feeds_owe (self, FEEDS_UNKNOWN, feed->id);
    snprintf (notice->error, sizeof notice->error, "%s", problem.text);
}

//  Where a worker begins that has been here before, or has not. A log that ends before where we were
//  is another one, or was restored from an old copy.
static int64_t
first_place (feeds_t *self, const feed_state_t *feed, int32_t partition, const message_t *feeds)
{
    int64_t place, last = (int64_t)feeds->lasts [partition];
    if (places_find (self->settings.places, feed->id, feed->subscription->created_ms, partition,
                     &place)) {
        if (place <= last)
            return place;
        feeds_owe (self, FEEDS_REWOUND, feed->id)->partition = partition;
        return last;
    }
    if (feed->subscription->start == START_EARLIEST)
        return (int64_t)feeds->firsts [partition] - 1;
    return last;
}

static void
feed_begin (feeds_t *self, feed_state_t *feed, const feed_t *told, const message_t *feeds)
{
    feed->partitions = told->seq_count;
    feed->places = allocate (told->seq_count, sizeof *feed->places);
    feed->is_new = true;
    for (size_t i = 0; i < told->seq_count; i++) {
        place_state_t *place = &feed->places [i];
        place->feed = feed;
        place->partition = (int32_t)i;
        topic_begin (&place->topic, first_place (self, feed, (int32_t)i, feeds),
                     (int64_t)told->seqs [i]);
        feeds_note_place (self, place);
    }
}

//  It was here before: perhaps it told something while nobody listened.
static void
feed_go_on (feeds_t *self, feed_state_t *feed, const feed_t *told, const message_t *feeds)
{
    for (size_t i = 0; i < feed->partitions; i++) {
        place_state_t *place = &feed->places [i];
        topic_t *topic = &place->topic;
        int64_t last = (int64_t)feeds->lasts [i], seq = (int64_t)told->seqs [i];
        if (last >= place->sure) {
            topic->wanted = seq > topic->wanted ? seq : topic->wanted;
            continue;
        }
        feeds_owe (self, FEEDS_REWOUND, feed->id)->partition = (int32_t)i;
        place_clear (self, place);
        topic_begin (topic, last, 0);
        place->sure = 0;
        feeds_note_place (self, place);
    }
}

static void
feeds_learn_one (feeds_t *self, const feed_t *told, const message_t *feeds)
{
    feed_state_t *feed;
    HASH_FIND_STR (self->feeds, told->subscription, feed);
    bool is_another =
        feed && feed->subscription &&
        (feed->subscription->created_ms != told->created_ms || feed->partitions != told->seq_count);
    if (is_another || (feed && !feed->subscription)) {
        feed_drop (self, feed);
        feed = NULL;
    }
    if (feed) {
        if (feed->version != told->version)
            feed_read (self, feed, told);
        if (feed->subscription)
            feed_go_on (self, feed, told, feeds);
        return;
    }
    feed = ALLOCATE (feed_state_t);
    feed->id = allocate_copy (told->subscription);
    HASH_ADD_KEYPTR (hh, self->feeds, feed->id, strlen (feed->id), feed);
    feed_read (self, feed, told);
    if (feed->subscription)
        feed_begin (self, feed, told, feeds);
}

static void
feeds_learn (feeds_t *self, const message_t *message)
{
    self->wants_listen = false;
    for (size_t i = 0; i < message->feed_count; i++)
        if (message->feeds [i].seq_count <= message->last_count &&
            message->feeds [i].seq_count <= message->first_count)
            feeds_learn_one (self, &message->feeds [i], message);
    if (self->endpoint)
        return;
    self->endpoint = allocate_copy (message->endpoint);
    self->wants_connection = true;
}

static void
feed_learn_seqs (feeds_t *self, feed_state_t *feed, const feed_t *told, const message_t *heartbeat)
{
    for (size_t i = 0; i < told->seq_count && i < feed->partitions; i++) {
        if (i >= heartbeat->last_count)
            return;
        place_state_t *place = &feed->places [i];
        topic_learn (&place->topic, (int64_t)told->seqs [i], (int64_t)heartbeat->lasts [i]);
        feeds_note_place (self, place);
    }
}

static void
feeds_forget_untold (feeds_t *self)
{
    feed_state_t *feed, *next;
    HASH_ITER (hh, self->feeds, feed, next)
    {
        if (feed->is_told)
            continue;
        places_forget (self->settings.places, feed->id);
        feed_drop (self, feed);
    }
}

static void
feeds_beat (feeds_t *self, const message_t *heartbeat)
{
    if (!heartbeat->tells_feeds)
        return;
    feed_state_t *feed, *next;
    HASH_ITER (hh, self->feeds, feed, next)
    feed->is_told = false;
    for (size_t i = 0; i < heartbeat->feed_count; i++) {
        const feed_t *told = &heartbeat->feeds [i];
        HASH_FIND_STR (self->feeds, told->subscription, feed);
        if (feed)
            feed->is_told = true;
        if (!feed || feed->version != told->version)
            self->wants_listen = true;
        else if (feed->subscription)
            feed_learn_seqs (self, feed, told, heartbeat);
    }
    feeds_forget_untold (self);
}

//  ---- what they tell

static place_state_t *
feeds_place (const feeds_t *self, const char *subscription, int32_t partition)
{
    feed_state_t *feed;
    HASH_FIND_STR (self->feeds, subscription, feed);
    if (!feed || !feed->subscription || partition < 0 || (size_t)partition >= feed->partitions)
        return NULL;
    return &feed->places [partition];
}

static void
feeds_receive (feeds_t *self, const message_t *message)
{
    place_state_t *place = feeds_place (self, message->subscription, message->event->partition);
    if (!place)
        return;  //  a heartbeat will tell of it
    topic_t *topic = &place->topic;
    bool has_room = topic->count < self->settings.events_most &&
                    (topic->count == 0 || self->bytes < self->settings.bytes_most);
    if (topic_receive (topic, message->event, message->prev, has_room))
        self->bytes += message->event->data_size;
}

static void
feeds_page (feeds_t *self, const message_t *page)
{
    place_state_t *place = feeds_place (self, page->subscription, page->partition);
    if (!place || place != self->asked || page->above != self->asked_above)
        return;  //  it was asked again meanwhile
    self->asked = NULL;
    int64_t end = place->topic.end;
    size_t bytes = place->topic.bytes;
    int64_t lost = topic_page (&place->topic, page);
    self->bytes += place->topic.bytes - bytes;
    if (place->topic.end == end)
        self->ask_due_ms = self->now_ms + self->heartbeat_ms;
    feeds_note_place (self, place);
    if (lost == 0)
        return;
    notice_t *notice = feeds_owe (self, FEEDS_MISSED, place->feed->id);
    notice->partition = place->partition;
    notice->seqs = lost;
}

void
feeds_hear (feeds_t *self, const message_t *message, int64_t now_ms)
{
    self->now_ms = now_ms;
    if (message->command == COMMAND_FEED)
        feeds_receive (self, message);
    if (self->session == 0 || message->session != self->session)
        return;
    if (message->command == COMMAND_FEEDS)
        feeds_learn (self, message);
    else if (message->command == COMMAND_HEARTBEAT)
        feeds_beat (self, message);
    else if (message->command == COMMAND_PAGE)
        feeds_page (self, message);
}

//  ---- what was done

static void
place_done (feeds_t *self, place_state_t *place)
{
    size_t bytes = place->topic.bytes;
    topic_done (&place->topic);
    self->bytes -= bytes - place->topic.bytes;
    place->attempts = 0;
    place->due_ms = 0;
    feeds_note_place (self, place);
}

static void
give_up (feeds_t *self, const run_state_t *run, const char *error)
{
    notice_t *notice = feeds_owe (self, FEEDS_GIVEN_UP, run->subscription->id);
    notice->delivery = run->delivery;
    notice->delivery.event = event_ref (run->delivery.event);
    snprintf (notice->error, sizeof notice->error, "%s", error ? error : "");
}

static void
try_again (feeds_t *self, const run_state_t *run, const settlement_t *settlement)
{
    place_state_t *place = run->place;
    const retry_policy_t *policy = &run->subscription->retry;
    if (++place->attempts >= policy->max_attempts) {
        give_up (self, run, settlement->error);
        place_done (self, place);
        return;
    }
    int64_t wait_ms =
        backoff_ms (place->attempts, policy, (uint32_t)(random_next (&self->random) >> 32));
    int64_t asked_ms = settlement->retry_after_ms;
    if (asked_ms > policy->retry_after_most_ms)
        asked_ms = policy->retry_after_most_ms;
    place->due_ms = self->now_ms + (wait_ms > asked_ms ? wait_ms : asked_ms);
}

static void
conclude (feeds_t *self, const run_state_t *run, const settlement_t *settlement)
{
    if (settlement->outcome == OUTCOME_RETRY) {
        try_again (self, run, settlement);
        return;
    }
    if (settlement->outcome == OUTCOME_FAIL)
        give_up (self, run, settlement->error);
    place_done (self, run->place);
}

void
feeds_finish (feeds_t *self, const delivery_t *delivery, const settlement_t *settlement,
              int64_t now_ms)
{
    self->now_ms = now_ms;
    run_state_t *run;
    DL_FOREACH (self->runs, run)
    {
        if (&run->delivery == delivery)
            break;
    }
    ASSERT (run, "an attempt ends once, where it was begun");
    DL_DELETE (self->runs, run);
    self->run_count--;
    if (run->place) {
        run->place->run = NULL;
        if (settlement)
            conclude (self, run, settlement);
    }
    event_destroy (&run->delivery.event);
    subscription_destroy (&run->subscription);
    free (run);
}

void
feeds_tick (feeds_t *self, int64_t now_ms)
{
    self->now_ms = now_ms;
    if (self->asked && now_ms - self->asked_ms >= 3 * self->heartbeat_ms)
        self->asked = NULL;  //  the question was lost, or the answer: another one
}

void
feeds_stop (feeds_t *self)
{
    self->is_stopping = true;
}
