#include "daemon/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    FILES_NEEDED = 1024,  //  256 clients, 256 transfers, sockets, store, and as much again
    FILES_WANTED = 65536,
    SOCKETS = 4096
};

struct context {
    void *zmq;
};

static status_t
context_raise_files (problem_t *problem)
{
    struct rlimit files;
    if (getrlimit (RLIMIT_NOFILE, &files) != 0)
        return problem_set (problem, STATUS_SYSTEM, "the limit of open files: %s",
                            strerror (errno));
    if (files.rlim_max < FILES_NEEDED)
        return problem_set (problem, STATUS_SYSTEM,
                            "only %lu files may be open, %d are needed; raise it with `ulimit -n`",
                            (unsigned long)files.rlim_max, FILES_NEEDED);
    if (files.rlim_cur < FILES_WANTED) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        if (setrlimit (RLIMIT_NOFILE, &files) != 0)
            return problem_set (problem, STATUS_SYSTEM, "the limit of open files: %s",
                                strerror (errno));
    }
    return STATUS_OK;
}

context_t *
context_new (problem_t *problem)
{
    if (context_raise_files (problem))
        return NULL;
    context_t *self = ALLOCATE (context_t);
    self->zmq = zmq_ctx_new ();
    ASSERT (self->zmq, "zmq_ctx_new fails only without memory");
    zmq_ctx_set (self->zmq, ZMQ_MAX_SOCKETS, SOCKETS);
    zmq_ctx_set (self->zmq, ZMQ_IPV6, 1);
    return self;
}

void
context_destroy (context_t **self_p)
{
    context_t *self = *self_p;
    if (!self)
        return;
    while (zmq_ctx_term (self->zmq) != 0)
        ;  //  EINTR
    free (self);
    *self_p = NULL;
}

void *
context_zmq (context_t *self)
{
    return self->zmq;
}
