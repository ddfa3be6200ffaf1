#include "gateway/nudge.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { PAUSE_MS = 5, HOST_BYTES = 256, PORT_BYTES = 6 };

struct nudge {
    struct addrinfo *address;  //  owned; NULL when there is none: then nobody is nudged
    pthread_t thread;
    atomic_bool is_over;
};

static void
nudge_once (const struct addrinfo *address)
{
    int connection = socket (address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return;
    int failed = connect (connection, address->ai_addr, address->ai_addrlen);
    (void)failed;  //  in progress, or nobody listens any more
    close (connection);
}

static void *
nudge_run (void *context)
{
    nudge_t *self = context;
    while (self->address && !atomic_load (&self->is_over)) {
        nudge_once (self->address);
        nanosleep (&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    return NULL;
}

/*  HOST and PORT of a URL; an address of IPv6 stands in brackets. */
static struct addrinfo *
nudge_resolve (const char *url)
{
    char host [HOST_BYTES], port [PORT_BYTES];
    bool is_read = sscanf (url, "http://[%255[^]]]:%5[0-9]", host, port) == 2 ||
                   sscanf (url, "http://%255[^:/]:%5[0-9]", host, port) == 2;
    struct addrinfo *address = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    return is_read && getaddrinfo (host, port, &hints, &address) == 0 ? address : NULL;
}

nudge_t *
nudge_new (const char *url)
{
    nudge_t *self = ALLOCATE (nudge_t);
    self->address = nudge_resolve (url);
    int failed = pthread_create (&self->thread, NULL, nudge_run, self);
    ASSERT (!failed, "a server that stops has given back hundreds of threads, or never had them");
    return self;
}

void
nudge_destroy (nudge_t **self_p)
{
    nudge_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_over, true);
    pthread_join (self->thread, NULL);
    if (self->address)
        freeaddrinfo (self->address);
    free (self);
    *self_p = NULL;
}
