#include "proto/keys/zap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

#define HANDLER "inproc://zeromq.zap.01"
#define VERSION "1.0"

enum { BUDGET = 64, KEY_BYTES = 32, TEXT_BYTES = 255 };

/*  A question as it comes: whose it is, an empty frame, then version, request, domain, address,
 *  identity, mechanism, and the credentials, which CURVE has one of.
 */
enum {
    FRAME_ASKER,
    FRAME_EMPTY,
    FRAME_VERSION,
    FRAME_REQUEST,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_IDENTITY,
    FRAME_MECHANISM,
    FRAME_KEY,
    FRAMES
};

struct zap {
    void *socket;
    zap_judge_t *judge;
    void *context;  //  borrowed
};

typedef struct {
    zmq_msg_t frames [FRAMES];
    size_t count;  //  more than FRAMES: the rest was dropped
} asked_t;

zap_t *
zap_new (void *zmq, zap_judge_t *judge, void *context, problem_t *problem)
{
    void *socket = zmq_socket (zmq, ZMQ_ROUTER);
    if (!socket) {
        problem_set (problem, STATUS_SYSTEM, "no socket can be made: %s", zmq_strerror (errno));
        return NULL;
    }
    int linger_ms = 0;
    zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_bind (socket, HANDLER) != 0) {
        problem_set (problem, STATUS_SYSTEM,
                     "the keys of this process are judged by another broker in it already: %s",
                     zmq_strerror (errno));
        zmq_close (socket);
        return NULL;
    }
    zap_t *self = ALLOCATE (zap_t);
    *self = (zap_t){socket, judge, context};
    return self;
}

void
zap_destroy (zap_t **self_p)
{
    if (!*self_p)
        return;
    zmq_close ((*self_p)->socket);
    free (*self_p);
    *self_p = NULL;
}

void *
zap_socket (const zap_t *self)
{
    return self->socket;
}

//  ---- Asked

//  false: nothing is asked now. All of a message is taken, however many frames it has.
static bool
asked_receive (asked_t *self, void *socket)
{
    self->count = 0;
    for (size_t i = 0; i < FRAMES; i++)
        zmq_msg_init (&self->frames [i]);
    zmq_msg_t dropped, *frame;
    zmq_msg_init (&dropped);
    do {
        frame = self->count < FRAMES ? &self->frames [self->count] : &dropped;
        if (zmq_msg_recv (frame, socket, ZMQ_DONTWAIT) < 0)
            break;
        self->count++;
    } while (zmq_msg_more (frame));
    zmq_msg_close (&dropped);
    return self->count > 0;
}

static void
asked_clear (asked_t *self)
{
    for (size_t i = 0; i < FRAMES; i++)
        zmq_msg_close (&self->frames [i]);
}

static bool
asked_says (asked_t *self, int frame, const char *text)
{
    zmq_msg_t *asked = &self->frames [frame];
    return zmq_msg_size (asked) == strlen (text) &&
           memcmp (zmq_msg_data (asked), text, strlen (text)) == 0;
}

//  NULL: it can be judged. Otherwise what is wrong with it.
static const char *
asked_fault (asked_t *self, zap_question_t *question)
{
    if (!asked_says (self, FRAME_VERSION, VERSION))
        return "another version of ZAP";
    if (!asked_says (self, FRAME_MECHANISM, "CURVE"))
        return "only keys open this door";
    if (self->count != FRAMES || zmq_msg_size (&self->frames [FRAME_KEY]) != KEY_BYTES)
        return "one key, of 32 bytes";
    zmq_msg_t *domain = &self->frames [FRAME_DOMAIN];
    if (!door_from_word (zmq_msg_data (domain), zmq_msg_size (domain), &question->door))
        return "a domain that is none of ours";
    zmq_z85_encode (question->public_key, zmq_msg_data (&self->frames [FRAME_KEY]), KEY_BYTES);
    return NULL;
}

//  ---- Answering

static void
zap_say (zap_t *self, const void *bytes, size_t size, bool has_more)
{
    zmq_send (self->socket, bytes, size, ZMQ_DONTWAIT | (has_more ? ZMQ_SNDMORE : 0));
}

//  User is the key as a text: every message of the connection carries it then.
static void
zap_answer (zap_t *self, asked_t *asked, const char *code, const char *text, const char *user)
{
    zmq_msg_t *asker = &asked->frames [FRAME_ASKER], *request = &asked->frames [FRAME_REQUEST];
    zap_say (self, zmq_msg_data (asker), zmq_msg_size (asker), true);
    zap_say (self, "", 0, true);
    zap_say (self, VERSION, strlen (VERSION), true);
    zap_say (self, zmq_msg_data (request), zmq_msg_size (request), true);
    zap_say (self, code, strlen (code), true);
    zap_say (self, text, strlen (text), true);
    zap_say (self, user, strlen (user), true);
    zap_say (self, "", 0, false);  //  no metadata
}

static void
zap_judge (zap_t *self, asked_t *asked)
{
    if (asked->count <= FRAME_MECHANISM || zmq_msg_size (&asked->frames [FRAME_EMPTY]) != 0)
        return;  //  no question: whoever asked so waits in vain, and is let go in time
    zap_question_t question;
    char address [TEXT_BYTES + 1];
    size_t size = zmq_msg_size (&asked->frames [FRAME_ADDRESS]);
    size = size > TEXT_BYTES ? TEXT_BYTES : size;
    memcpy (address, zmq_msg_data (&asked->frames [FRAME_ADDRESS]), size);
    address [size] = 0;
    question.address = address;
    const char *fault = asked_fault (asked, &question);
    if (fault)
        zap_answer (self, asked, "400", fault, "");
    else if (!self->judge (self->context, &question))
        zap_answer (self, asked, "400", "this key is not allowed here", "");
    else
        zap_answer (self, asked, "200", "", question.public_key);
}

bool
zap_ready (void *context)
{
    zap_t *self = context;
    for (int i = 0; i < BUDGET; i++) {
        asked_t asked;
        bool is_asked = asked_receive (&asked, self->socket);
        if (is_asked)
            zap_judge (self, &asked);
        asked_clear (&asked);
        if (!is_asked)
            return false;
    }
    return true;
}
