#include "proto/wire/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "proto/keys/curve.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "proto/wire/endpoint.h"
#include "proto/wire/frames.h"
#include "proto/wire/guests.h"
#include "proto/wire/intruder.h"
#include "proto/wire/manners.h"
#include "proto/wire/peers.h"
#include "proto/wire/troubles.h"

enum {
    THE_PEER = 1,          //  a DEALER's
    FEED_MOST = 10000,     //  messages of the feed that wait for one listener; then it misses some
    QUEUE_MOST = 1000,     //  messages a peer, each way: a tripwire, since credit is the limit
    LINGER_MS = 500,       //  so that a BYE still leaves
    BACKLOG = 1024,        //  connections: all of a cluster at once, after a restart
    HANDSHAKE_MS = 10000,  //  for a peer to be one
    CONNECT_MS = 5000,
    RECONNECT_MS = 100,  //  and up to as much again, differently for each socket
    RECONNECT_MOST_MS = 2000,
    PROBE_MS = 5000,  //  ZMTP's own heartbeat finds half-open connections, and nothing else
    PROBE_LOST_MS = 15000,
    KEEPALIVE_S = 30
};

struct link {
    void *socket;
    const limits_t *limits;  //  borrowed
    peers_t *peers;          //  of a ROUTER; NULL for the others
    bool is_feed;            //  XPUB or SUB
    bool has_keys;           //  and checks them
    link_keys_t keys;        //  if it has
    guests_t guests;         //  of a feed that has keys
    manners_t *manners;      //  of a ROUTER's peers; NULL: they may say what they like
    troubles_t *troubles;    //  NULL: not watched, since there can be none
    char endpoint [ENDPOINT_SIZE];
};

//  ---- Life

static void
link_set (link_t *self, int option, int value)
{
    int code = zmq_setsockopt (self->socket, option, &value, sizeof (value));
    ASSERT (code == 0, "these options and values are those of libzmq 4.3");
}

static void
link_set_options (link_t *self, int queue_most, bool is_ipv6)
{
    if (queue_most == 0)
        queue_most = self->is_feed ? FEED_MOST : QUEUE_MOST;
    int64_t frame_bytes = self->limits->frame_bytes;
    int code = zmq_setsockopt (self->socket, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof (frame_bytes));
    ASSERT (code == 0, "these options and values are those of libzmq 4.3");
    link_set (self, ZMQ_SNDHWM, queue_most);
    link_set (self, ZMQ_RCVHWM, queue_most);
    link_set (self, ZMQ_LINGER, LINGER_MS);
    link_set (self, ZMQ_BACKLOG, BACKLOG);
    link_set (self, ZMQ_IPV6, is_ipv6);
    link_set (self, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    link_set (self, ZMQ_CONNECT_TIMEOUT, CONNECT_MS);
    link_set (self, ZMQ_RECONNECT_IVL, RECONNECT_MS + (int)arc4random_uniform (RECONNECT_MS));
    link_set (self, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS);
    link_set (self, ZMQ_HEARTBEAT_IVL, PROBE_MS);
    link_set (self, ZMQ_HEARTBEAT_TIMEOUT, PROBE_LOST_MS);
    link_set (self, ZMQ_HEARTBEAT_TTL, PROBE_LOST_MS);
    link_set (self, ZMQ_TCP_KEEPALIVE, 1);
    link_set (self, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_S);
    link_set (self, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_S / 3);
    if (self->peers)
        link_set (self, ZMQ_ROUTER_MANDATORY, 1);
}

static status_t
link_explain_bind (const char *endpoint, problem_t *problem)
{
    switch (errno) {
        case EADDRINUSE:
            return problem_set (problem, STATUS_SYSTEM,
                                "%s is in use: stop what listens there, or choose another",
                                endpoint);
        case EACCES:
            return problem_set (
                problem, STATUS_SYSTEM,
                "%s: this user may not listen there: choose a port above 1023, or a directory of its own",
                endpoint);
        default:
            return problem_set (problem, STATUS_SYSTEM, "%s: cannot listen there: %s", endpoint,
                                zmq_strerror (errno));
    }
}

static int
link_type (const link_settings_t *settings)
{
    if (settings->is_feed)
        return settings->is_server ? ZMQ_XPUB : ZMQ_SUB;
    return settings->is_server ? ZMQ_ROUTER : ZMQ_DEALER;
}

//  Within the process nobody listens in, and ZeroMQ has no keys there.
static status_t
link_lock (link_t *self, const link_settings_t *settings, const endpoint_t *endpoint,
           problem_t *problem)
{
    if (endpoint->is_inproc)
        return STATUS_OK;
    self->troubles = troubles_new (settings->zmq, self->socket);
    self->has_keys = settings->keys;
    if (!self->has_keys)
        return STATUS_OK;
    self->keys = *settings->keys;
    if (self->is_feed && settings->is_server)
        link_set (self, ZMQ_XPUB_VERBOSE, 1);  //  each listener is heard, not the first alone
    return settings->is_server
               ? curve_serve (self->socket, self->keys.own, self->keys.door, problem)
               : curve_connect (self->socket, self->keys.own, self->keys.broker, problem);
}

static status_t
link_open (link_t *self, const link_settings_t *settings, problem_t *problem)
{
    endpoint_t endpoint;
    endpoint_rights_t rights = {.is_server = settings->is_server, .has_keys = settings->keys};
    status_t status = endpoint_resolve (settings->endpoint, rights, &endpoint, problem);
    if (status)
        return status;
    self->socket = zmq_socket (settings->zmq, link_type (settings));
    if (!self->socket)
        return problem_set (problem, STATUS_SYSTEM, "%s: no socket can be made: %s",
                            settings->endpoint, zmq_strerror (errno));
    link_set_options (self, settings->queue_most, endpoint.is_ipv6);
    if (link_lock (self, settings, &endpoint, problem))
        return problem->status;
    if (!settings->is_server) {
        memcpy (self->endpoint, settings->endpoint, strlen (settings->endpoint) + 1);
        return zmq_connect (self->socket, endpoint.address) == 0
                   ? STATUS_OK
                   : problem_set (problem, STATUS_SYSTEM, "%s: cannot connect: %s",
                                  settings->endpoint, zmq_strerror (errno));
    }
    if (zmq_bind (self->socket, endpoint.address) != 0)
        return link_explain_bind (settings->endpoint, problem);
    size_t size = sizeof (self->endpoint);
    int code = zmq_getsockopt (self->socket, ZMQ_LAST_ENDPOINT, self->endpoint, &size);
    ASSERT (code == 0, "a socket that is bound knows where, in fewer bytes than it was told");
    return STATUS_OK;
}

link_t *
link_new (const link_settings_t *settings, problem_t *problem)
{
    OWNED (link) link_t *self = ALLOCATE (link_t);
    self->limits = settings->limits;
    self->is_feed = settings->is_feed;
    if (settings->is_server && !settings->is_feed)
        self->peers = peers_new ((size_t)settings->limits->sessions);
    if (self->peers && settings->bad_most > 0)
        self->manners = manners_new (settings->bad_most);
    if (link_open (self, settings, problem))
        return NULL;
    return TAKE (self);
}

void
link_destroy (link_t **self_p)
{
    link_t *self = *self_p;
    if (!self)
        return;
    guests_clear (&self->guests);
    troubles_destroy (&self->troubles);
    if (self->socket)
        zmq_close (self->socket);
    peers_destroy (&self->peers);
    manners_destroy (&self->manners);
    free (self);
    *self_p = NULL;
}

void *
link_socket (link_t *self)
{
    return self->socket;
}

const char *
link_endpoint (const link_t *self)
{
    return self->endpoint;
}

bool
link_is_feed (const link_t *self)
{
    return self->is_feed;
}

void
link_forget (link_t *self, link_peer_t peer)
{
    if (self->peers)
        peers_forget (self->peers, peer);
}

//  ---- Sending

status_t
link_send (link_t *self, link_peer_t peer, const message_t *message)
{
    if (!self->peers)
        return frames_send (self->socket, NULL, 0, message);
    identity_t identity;
    if (!peers_identity (self->peers, peer, &identity))
        return STATUS_NOT_FOUND;
    status_t status = frames_send (self->socket, identity.bytes, identity.size, message);
    if (status == STATUS_NOT_FOUND)
        peers_forget (self->peers, peer);
    return status;
}

//  ---- Receiving

//  Two ends that answered each other's ERRORs would never stop, whatever version the other speaks.
static bool
is_error (frames_t *frames)
{
    const uint8_t *head = zmq_msg_data (&frames->head);
    return zmq_msg_size (&frames->head) >= 2 && head [1] == COMMAND_ERROR;
}

static int64_t
link_now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

//  If it cannot be told, so be it: it will not be answered.
static void
link_correct (link_t *self, const void *identity, size_t size, uint64_t request,
              const problem_t *why)
{
    message_t error = {
        .command = COMMAND_ERROR, .request = request, .status = why->status, .text = why->text};
    frames_send (self->socket, identity, size, &error);
}

//  Nothing more is heard of it for a while. why: the last of its bad messages; then, all of them.
static status_t
link_shun (link_t *self, const void *identity, size_t size, problem_t *why)
{
    problem_t last = *why;
    problem_set (why, STATUS_SHUNNED,
                 "limits/bad_messages (%lld) wrong messages within %d s, the last one: %s",
                 (long long)self->limits->bad_messages, MANNERS_WINDOW_MS / 1000, last.text);
    message_t bye = {.command = COMMAND_BYE, .status = why->status, .text = why->text};
    frames_send (self->socket, identity, size, &bye);
    return why->status;
}

static judgement_t
link_judge (link_t *self, const void *identity, size_t size)
{
    return self->manners ? manners_blame (self->manners, identity, size, link_now_ms ())
                         : MANNERS_ANSWER;
}

static bool
is_wrong (status_t status)
{
    return status == STATUS_BAD_MESSAGE || status == STATUS_TOO_LARGE;
}

//  To a message that was not taken in. Returns what there is to say of it.
static status_t
link_answer (link_t *self, frames_t *frames, problem_t *why)
{
    if (self->is_feed)
        return why->status;
    const void *identity = self->peers ? zmq_msg_data (&frames->identity) : NULL;
    size_t size = zmq_msg_size (&frames->identity);
    judgement_t judgement =
        is_wrong (why->status) ? link_judge (self, identity, size) : MANNERS_ANSWER;
    uint64_t request = 0;
    if (frames->count > 1)
        request = message_request (zmq_msg_data (&frames->body), zmq_msg_size (&frames->body));
    if (judgement != MANNERS_SILENCE && !is_error (frames))
        link_correct (self, identity, size, request, why);
    return judgement == MANNERS_SHUN ? link_shun (self, identity, size, why) : why->status;
}

status_t
link_blame (link_t *self, link_peer_t peer, problem_t *why)
{
    identity_t identity;
    if (!peers_identity (self->peers, peer, &identity))
        return STATUS_NOT_FOUND;
    judgement_t judgement = link_judge (self, identity.bytes, identity.size);
    if (judgement != MANNERS_SILENCE)
        link_correct (self, identity.bytes, identity.size, 0, why);
    return judgement == MANNERS_SHUN ? link_shun (self, identity.bytes, identity.size, why)
                                     : why->status;
}

static status_t
link_decode (const link_t *self, frames_t *frames, message_t *message, problem_t *problem)
{
    if (frames->count != 2)
        return problem_set (problem, STATUS_BAD_MESSAGE,
                            "a message has two frames, command and body; this has %zu",
                            frames->count);
    return message_decode (message, zmq_msg_data (&frames->head), zmq_msg_size (&frames->head),
                           zmq_msg_data (&frames->body), zmq_msg_size (&frames->body), self->limits,
                           problem);
}

//  Each message is held to the list as it is now: libzmq asks but once, when a peer connects.
static status_t
link_find_key (const link_t *self, zmq_msg_t *frame, uint64_t *owner, problem_t *problem)
{
    const char *key = zmq_msg_gets (frame, "User-Id");
    const allowed_t *allowed = allow_list_find (self->keys.allowed, key);
    if (!allowed || !node_role_opens (allowed->key.role, self->keys.door))
        return problem_set (problem, STATUS_FORBIDDEN,
                            "this key is no longer allowed at the broker's %s",
                            door_word (self->keys.door));
    *owner = allowed->number;
    return STATUS_OK;
}

//  0: unknown. An identity may be of the peer's choosing, so that a number is for one key alone.
static link_peer_t
link_number (link_t *self, const void *identity, size_t identity_size, uint64_t owner)
{
    link_peer_t peer = peers_number (self->peers, identity, identity_size);
    if (!peer || peers_owner (self->peers, peer) == owner)
        return peer;
    peers_forget (self->peers, peer);
    return 0;
}

//  From one who is shunned: there is nothing to be said of it.
static status_t
link_ignore (problem_t *problem)
{
    *problem = (problem_t){.status = STATUS_SHUNNED};
    return problem->status;
}

//  Who is not known gets a number only when he has said something that is understood.
static status_t
link_read (link_t *self, frames_t *frames, link_peer_t *peer, message_t *message,
           problem_t *problem)
{
    void *identity = zmq_msg_data (&frames->identity);
    size_t identity_size = zmq_msg_size (&frames->identity);
    uint64_t owner = 0;
    if (self->peers && self->has_keys && link_find_key (self, &frames->head, &owner, problem))
        return problem->status;
    if (self->manners && manners_shuns (self->manners, identity, identity_size, link_now_ms ()))
        return link_ignore (problem);
    *peer = self->peers ? link_number (self, identity, identity_size, owner) : THE_PEER;
    if (!*peer && peers_is_full (self->peers))
        return problem_set (problem, STATUS_FULL,
                            "limits/sessions (%lld) are here already: repeat later",
                            (long long)self->limits->sessions);
    status_t status = link_decode (self, frames, message, problem);
    if (status == STATUS_OK && !*peer)
        *peer = peers_add (self->peers, identity, identity_size, owner);
    return status;
}

status_t
link_receive (link_t *self, link_peer_t *peer, message_t *message, problem_t *problem)
{
    *message = (message_t){0};
    *peer = 0;
    frames_t frames;
    if (!frames_receive (&frames, self->socket, self->peers || self->is_feed))
        return STATUS_NOT_FOUND;
    problem_t why;
    status_t status = link_read (self, &frames, peer, message, &why);
    if (status) {
        if (status != STATUS_SHUNNED)
            status = link_answer (self, &frames, &why);
        if (status == STATUS_FORBIDDEN)
            intruder_cut (&frames.head);
        if (problem)
            *problem = why;
    }
    frames_destroy (&frames);
    return status;
}

//  ---- Keys

bool
link_allows (const link_t *self, link_peer_t peer)
{
    return !self->has_keys || allow_list_has (self->keys.allowed, peers_owner (self->peers, peer));
}

const node_key_t *
link_key (const link_t *self, link_peer_t peer)
{
    if (!self->has_keys || !self->peers)
        return NULL;
    return allow_list_key (self->keys.allowed, peers_owner (self->peers, peer));
}

static status_t
link_explain_trouble (const link_t *self, trouble_t trouble, problem_t *problem)
{
    switch (trouble) {
        case TROUBLE_NONE: return STATUS_OK;
        case TROUBLE_KEY_REFUSED:
            return problem_set (
                problem, STATUS_FORBIDDEN,
                "%s refuses the key of %s: copy its .public file into keys/allowed of that broker, if it is not there; the log of the broker says more",
                self->endpoint, self->keys.own ? self->keys.own->name : "this node");
        case TROUBLE_WRONG_KEY:
        case TROUBLE_BROKEN_OFF:
            return problem_set (
                problem, STATUS_SYSTEM,
                self->has_keys
                    ? "%s broke off before it said who it is: is the file of keys/brokers that broker's NAME.public of today, and this the right socket?"
                    : "%s broke off before it said who it is: if it speaks only with keys, set keys/own and keys/brokers (docs/keys.md); is this the right socket?",
                self->endpoint);
        case TROUBLE_NO_COMMON_WAY:
            return problem_set (
                problem, STATUS_SYSTEM,
                self->has_keys
                    ? "%s speaks without keys, this node only with them: give that broker keys/own and keys/allowed"
                    : "%s speaks only with keys, this node has none: set keys/own and keys/brokers (docs/keys.md)",
                self->endpoint);
        case TROUBLE_UNREACHABLE:
            return problem_set (problem, STATUS_NO_BROKER,
                                "nobody accepts connections at %s: is the broker running?",
                                self->endpoint);
    }
    return STATUS_OK;
}

bool
link_note_guest (link_t *self, zmq_msg_t *frame)
{
    if (!self->has_keys)
        return true;
    uint64_t owner;
    if (link_find_key (self, frame, &owner, NULL))
        return false;
    guests_note (&self->guests, frame, owner);
    return true;
}

void
link_expel_guests (link_t *self)
{
    if (self->has_keys)
        guests_expel (&self->guests, self->keys.allowed);
}

trouble_t
link_next_trouble (link_t *self)
{
    return self->troubles ? troubles_take (self->troubles) : TROUBLE_NONE;
}

void *
link_monitor (const link_t *self)
{
    return self->troubles ? troubles_socket (self->troubles) : NULL;
}

status_t
link_trouble (link_t *self, problem_t *problem)
{
    trouble_t trouble = TROUBLE_NONE, newer;
    while ((newer = link_next_trouble (self)) != TROUBLE_NONE)
        trouble = newer;
    return link_explain_trouble (self, trouble, problem);
}
