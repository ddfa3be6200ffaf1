/*  feed_link – the feed over a link: who tells (a broker, XPUB), and who listens (SUB).
 *
 *  Three frames: the topic, and a message. A listener names the beginning of the topics it wants. The
 *  feed drops what a listener is too slow for, without a word: what matters is found missing.
 */
#ifndef FEED_LINK_H
#define FEED_LINK_H

#include "proto/wire/endpoint.h"
#include "proto/wire/link.h"

enum { FEED_TOPIC_SIZE = 512 };  //  "SUBSCRIPTION/TYPE", or "*/TYPE" for all events

//  As large as a name and a type may be.
void feed_topic (char topic [FEED_TOPIC_SIZE], const char *subscription, const char *type);

void feed_link_tell (link_t *self, const char *topic, const message_t *message);

/*  Somebody is the first to want topics that begin like this, or the last one went. false: nothing
 *  more now. What is no such word is passed over; a longer start is cut.
 */
bool feed_link_hear (link_t *self, bool *is_wanted, char start [FEED_TOPIC_SIZE]);

void feed_link_want (link_t *self, const char *start);
void feed_link_leave (link_t *self, const char *start);

/*  Where to listen, of a broker that is known by one of its other sockets and has told where it has
 *  bound its feed: all are on one host, so over TCP it is the host that is known, and the port told.
 */
void feed_endpoint (char endpoint [ENDPOINT_SIZE], const char *known, const char *told);

#endif
