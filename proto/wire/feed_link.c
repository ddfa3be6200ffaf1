#include "proto/wire/feed_link.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "proto/model/assert.h"
#include "proto/wire/frames.h"

void
feed_topic (char topic [FEED_TOPIC_SIZE], const char *subscription, const char *type)
{
    int size = snprintf (topic, FEED_TOPIC_SIZE, "%s/%s", *subscription ? subscription : "*", type);
    ASSERT (size > 0 && size < FEED_TOPIC_SIZE, "names and types have their limits");
}

//  It cannot fail: what a listener is too slow for is dropped.
void
feed_link_tell (link_t *self, const char *topic, const message_t *message)
{
    frames_send (link_socket (self), topic, strlen (topic), message);
}

static bool
feed_link_read (zmq_msg_t *frame, bool *is_wanted, char start [FEED_TOPIC_SIZE])
{
    const char *word = zmq_msg_data (frame);
    size_t size = zmq_msg_size (frame);
    if (size == 0 || (word [0] != 0 && word [0] != 1))
        return false;
    size_t kept = size < FEED_TOPIC_SIZE ? size : FEED_TOPIC_SIZE;
    memcpy (start, word + 1, kept - 1);
    start [kept - 1] = 0;
    *is_wanted = word [0] == 1;
    return true;
}

bool
feed_link_hear (link_t *self, bool *is_wanted, char start [FEED_TOPIC_SIZE])
{
    zmq_msg_t frame;
    bool is_word = false;
    while (!is_word) {
        zmq_msg_init (&frame);
        if (zmq_msg_recv (&frame, link_socket (self), ZMQ_DONTWAIT) < 0)
            return false;
        is_word = feed_link_read (&frame, is_wanted, start) && link_note_guest (self, &frame);
        zmq_msg_close (&frame);
    }
    return true;
}

void
feed_link_want (link_t *self, const char *start)
{
    int code = zmq_setsockopt (link_socket (self), ZMQ_SUBSCRIBE, start, strlen (start));
    ASSERT (code == 0, "a listener may want any topic");
}

void
feed_link_leave (link_t *self, const char *start)
{
    int code = zmq_setsockopt (link_socket (self), ZMQ_UNSUBSCRIBE, start, strlen (start));
    ASSERT (code == 0, "a listener may leave any topic");
}

void
feed_endpoint (char endpoint [ENDPOINT_SIZE], const char *known, const char *told)
{
    static const char tcp [] = "tcp://";
    const char *known_port = strrchr (known, ':'), *port = strrchr (told, ':');
    bool are_tcp = strncmp (known, tcp, sizeof tcp - 1) == 0 &&
                   strncmp (told, tcp, sizeof tcp - 1) == 0 && known_port && port;
    if (are_tcp)
        snprintf (endpoint, ENDPOINT_SIZE, "%.*s%s", (int)(known_port - known), known, port);
    else
        snprintf (endpoint, ENDPOINT_SIZE, "%s", told);
}
