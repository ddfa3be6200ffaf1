/*  topic – one broadcast subscription in one partition: what is held of its feed, and what is lacking.
 *
 *      place ──────── held, in order ──────── end ┈┈┈┈ lacking ┈┈┈┈ wanted
 *
 *  Up to `place` everything is done. What is held follows without a gap up to `end`; beyond it, up to
 *  `wanted`, something is known to be, and has to be asked for. A message of the feed that does not
 *  follow on `end` is not kept, nor is one for which there is no room: it is lacking.
 */
#ifndef TOPIC_H
#define TOPIC_H

#include "proto/wire/message.h"

typedef struct held {
    event_t *event;  //  ours
    struct held *prev, *next;
} held_t;

typedef struct topic {
    int64_t place, end, wanted;
    int64_t doubted;  //  a heartbeat told of it, and it may be on its way
    int64_t asked;    //  what was wanted when a page was asked for
    held_t *held;     //  by seq; the first is the one that is performed
    size_t count;     //  of held
    size_t bytes;     //  of their data
} topic_t;

void topic_begin (topic_t *self, int64_t place, int64_t wanted);
void topic_clear (topic_t *self);

//  A message of the feed; there is room for it, or not. true: it is held now.
bool topic_receive (topic_t *self, const event_t *event, int64_t prev, bool has_room);

/*  A heartbeat: `seq` was the last one when the log ended with `last`. What one told and is not here
 *  when the next one comes was lost.
 */
void topic_learn (topic_t *self, int64_t seq, int64_t last);

//  Something is lacking that has to be asked for, after `end`.
bool topic_lacks (const topic_t *self);
int64_t topic_ask (topic_t *self);  //  after which seq

/*  The answer to a CATCH_UP: what there is after its `above`, up to `reached`; the log begins with
 *  `first`. Answers how many seqs were passed over since the log no longer has them.
 */
int64_t topic_page (topic_t *self, const message_t *page);

//  The first of the held is done.
void topic_done (topic_t *self);

#endif
