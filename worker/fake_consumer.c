#include "worker/fake_consumer.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { REQUEST_MOST = 65536, DELIVERS = 64, ANSWERS = 64, CONNECTIONS = 256, PATIENCE_S = 20 };

struct fake_consumer {
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock;  //  of all below
    pthread_cond_t changed;
    size_t requests, connections;
    char *last;
    char *answers [ANSWERS];  //  that a test has put there
    size_t answer_count, answered;
    bool is_let_go, is_stopping, talks_first;
    int sockets [CONNECTIONS];  //  to be shut when it stops; -1: closed
    pthread_t threads [CONNECTIONS];
    char *delivers [DELIVERS];
    size_t deliver_count;
};

typedef struct {
    fake_consumer_t *consumer;
    int socket;
    size_t index;
} connection_t;

//  ---- manners

static bool
write_all (int socket, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = send (socket, text, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool
write_text (int socket, const char *text)
{
    return write_all (socket, text, strlen (text));
}

//  Until the other side has had enough.
static void
write_for_ever (int socket, const char *text, int pause_ms)
{
    while (write_text (socket, text))
        if (pause_ms > 0)
            usleep ((useconds_t)pause_ms * 1000);
}

static void
write_megabyte (int socket)
{
    write_text (socket, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    char piece [4096];
    memset (piece, 'x', sizeof piece);
    for (int i = 0; i < 256 && write_all (socket, piece, sizeof piece); i++)
        ;
}

static void
wait_until_let_go (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    while (!self->is_let_go && !self->is_stopping)
        pthread_cond_wait (&self->changed, &self->lock);
    pthread_mutex_unlock (&self->lock);
}

#define WORDS(text) (text), sizeof (text) - 1  //  a zero may be among them

//  What is answered word for word.
static const struct {
    const char *path, *answer;
    size_t size;
    bool closes;
} manners [] = {
    {"/good", WORDS ("HTTP/1.1 204 No Content\r\n\r\n"), false},
    {"/talks",
     WORDS ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nwell \xc3\xa9\0\xff"
            "ok"),
     false},
    {"/closes", WORDS (""), true},
    {"/lies", WORDS ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), true},
    {"/cut", WORDS ("HTTP/1.1 200 OK\r\nContent-Le"), true},
    {"/moved", WORDS ("HTTP/1.1 301 Moved\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n"), false},
    {"/gone", WORDS ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), false},
    {"/busy", WORDS ("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"), false},
    {"/away", WORDS ("HTTP/1.1 503 Away\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"), false},
    {"/fails", WORDS ("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nsad\n"), false},
    {"/nonsense", WORDS ("SSH-2.0-OpenSSH_9.2\r\n"), true},
    {"/chunks", WORDS ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), false},
};

//  What the test wants to be said next; NULL: nothing in particular.
static const char *
next_answer (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    bool is_there = self->answered < self->answer_count;
    const char *answer = is_there ? self->answers [self->answered++] : NULL;
    pthread_mutex_unlock (&self->lock);
    return answer;
}

//  True: the connection goes on.
static bool
answer (fake_consumer_t *self, int socket, const char *path)
{
    const char *text = next_answer (self);
    if (text && !*text)
        wait_until_let_go (self);
    if (text)
        return write_text (socket, text);
    for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
        if (strcmp (path, manners [i].path) == 0)
            return write_all (socket, manners [i].answer, manners [i].size) && !manners [i].closes;
    if (strcmp (path, "/held") == 0) {
        wait_until_let_go (self);
        return write_text (socket, "HTTP/1.1 204 No Content\r\n\r\n");
    }
    if (strcmp (path, "/large") == 0)
        write_megabyte (socket);
    else if (strcmp (path, "/endless") == 0) {
        write_text (socket, "HTTP/1.1 200 OK\r\n\r\n");
        write_for_ever (socket, "endless and ever ", 0);
    }
    else if (strcmp (path, "/trickles") == 0) {
        write_text (socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        write_for_ever (socket, "x", 10);
    }
    else if (strcmp (path, "/headers") == 0) {
        write_text (socket, "HTTP/1.1 200 OK\r\n");
        write_for_ever (socket, "X-More: and more and more and more\r\n", 0);
    }
    else if (strcmp (path, "/header") == 0) {
        write_text (socket, "HTTP/1.1 200 OK\r\nX-Long: ");
        write_for_ever (socket, "and more and more and more", 0);
    }
    else
        write_text (socket, "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n");
    return false;
}

//  ---- requests

//  Head and body of one; false: the other side has closed.
static bool
read_request (int socket, char *request)
{
    size_t used = 0;
    size_t size = 0;  //  of the whole, once the head is there
    while (size == 0 || used < size) {
        ssize_t got = recv (socket, request + used, REQUEST_MOST - 1 - used, 0);
        if (got <= 0)
            return false;
        used += (size_t)got;
        request [used] = '\0';
        const char *end = strstr (request, "\r\n\r\n");
        const char *length = strcasestr (request, "\r\ncontent-length:");
        if (end)
            size = (size_t)(end + 4 - request) + (length ? strtoul (length + 17, NULL, 10) : 0);
    }
    return true;
}

static void
note_request (fake_consumer_t *self, const char *request)
{
    pthread_mutex_lock (&self->lock);
    self->requests++;
    free (self->last);
    self->last = allocate_copy (request);
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->lock);
}

static void *
connection_main (void *context)
{
    connection_t *connection = context;
    fake_consumer_t *self = connection->consumer;
    char *request = allocate (REQUEST_MOST, 1);
    char path [64] = "";
    bool goes_on = !self->talks_first || write_text (connection->socket, "220 ready\r\n");
    while (goes_on && read_request (connection->socket, request)) {
        note_request (self, request);
        sscanf (request, "%*s %63s", path);
        goes_on = answer (self, connection->socket, path);
    }
    pthread_mutex_lock (&self->lock);
    close (connection->socket);
    self->sockets [connection->index] = -1;
    pthread_mutex_unlock (&self->lock);
    free (request);
    free (connection);
    return NULL;
}

static void *
consumer_main (void *context)
{
    fake_consumer_t *self = context;
    for (;;) {
        int socket = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock (&self->lock);
        bool is_stopping = self->is_stopping || socket < 0;
        if (!is_stopping) {
            ASSERT (self->connections < CONNECTIONS, "a test needs fewer connections");
            connection_t *connection = ALLOCATE (connection_t);
            *connection = (connection_t){self, socket, self->connections};
            self->sockets [self->connections] = socket;
            pthread_create (&self->threads [self->connections], NULL, connection_main, connection);
            self->connections++;
        }
        pthread_mutex_unlock (&self->lock);
        if (is_stopping)
            return NULL;
    }
}

//  ---- life

fake_consumer_t *
fake_consumer_new (void)
{
    fake_consumer_t *self = ALLOCATE (fake_consumer_t);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_listening = bind (self->listener, (struct sockaddr *)&address, size) == 0 &&
                        listen (self->listener, 64) == 0 &&
                        getsockname (self->listener, (struct sockaddr *)&address, &size) == 0;
    ASSERT (is_listening, "loopback has a free port");
    self->port = ntohs (address.sin_port);
    pthread_mutex_init (&self->lock, NULL);
    pthread_cond_init (&self->changed, NULL);
    pthread_create (&self->thread, NULL, consumer_main, self);
    return self;
}

void
fake_consumer_destroy (fake_consumer_t **self_p)
{
    fake_consumer_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->lock);
    self->is_stopping = true;
    for (size_t i = 0; i < self->connections; i++)
        if (self->sockets [i] >= 0)
            shutdown (self->sockets [i], SHUT_RDWR);
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->lock);
    shutdown (self->listener, SHUT_RDWR);
    pthread_join (self->thread, NULL);
    for (size_t i = 0; i < self->connections; i++)
        pthread_join (self->threads [i], NULL);
    close (self->listener);
    for (size_t i = 0; i < self->deliver_count; i++)
        free (self->delivers [i]);
    for (size_t i = 0; i < self->answer_count; i++)
        free (self->answers [i]);
    free (self->last);
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

int
fake_consumer_port (const fake_consumer_t *self)
{
    return self->port;
}

const char *
fake_consumer_deliver (fake_consumer_t *self, const char *path)
{
    ASSERT (self->deliver_count < DELIVERS, "a test needs fewer paths");
    char *text;
    int size = asprintf (&text,
                         "{\"action\":{\"name\":\"webhook\"},\"deliver\":{"
                         "\"url\":\"http://127.0.0.1:%d%s\",\"format\":\"cloudevents\","
                         "\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}}",
                         self->port, path);
    ASSERT (size > 0, "out of memory: give the test more");
    return self->delivers [self->deliver_count++] = text;
}

void
fake_consumer_answer (fake_consumer_t *self, const char *head, const char *body)
{
    ASSERT (self->answer_count < ANSWERS, "a test needs fewer answers");
    char *text;
    int size = head ? asprintf (&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head,
                                strlen (body), body)
                    : asprintf (&text, "%s", "");
    ASSERT (size >= 0, "out of memory: give the test more");
    pthread_mutex_lock (&self->lock);
    self->answers [self->answer_count++] = text;
    pthread_mutex_unlock (&self->lock);
}

void
fake_consumer_await (fake_consumer_t *self, size_t requests)
{
    struct timespec deadline;
    clock_gettime (CLOCK_REALTIME, &deadline);
    deadline.tv_sec += PATIENCE_S;
    int failed = 0;
    pthread_mutex_lock (&self->lock);
    while (self->requests < requests && !failed)
        failed = pthread_cond_timedwait (&self->changed, &self->lock, &deadline);
    ASSERT (!failed, "the request that the test waits for did not come");
    pthread_mutex_unlock (&self->lock);
}

size_t
fake_consumer_requests (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    size_t requests = self->requests;
    pthread_mutex_unlock (&self->lock);
    return requests;
}

size_t
fake_consumer_connections (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    size_t connections = self->connections;
    pthread_mutex_unlock (&self->lock);
    return connections;
}

char *
fake_consumer_last (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    char *last = allocate_copy (self->last ? self->last : "");
    pthread_mutex_unlock (&self->lock);
    return last;
}

void
fake_consumer_let_go (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->is_let_go = true;
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->lock);
}

void
fake_consumer_talk_first (fake_consumer_t *self)
{
    pthread_mutex_lock (&self->lock);
    self->talks_first = true;
    pthread_mutex_unlock (&self->lock);
}
