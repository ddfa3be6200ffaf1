#include "tests/sim/client_actor.h"

#include <stdlib.h>
#include <utlist.h>

#include "proto/model/allocate.h"
#include "tests/sim/net.h"
#include "tests/sim/state.h"

enum { PATIENCE_MS = 2000, AGAIN_MS = 500 };

typedef struct posting {
    client_actor_t *client;
    uint64_t request;  //  of the last try
    event_t **events;  //  ours
    size_t count;
    struct posting *prev, *next;
} posting_t;

struct client_actor {
    world_t *world;
    line_t *line;
    uint64_t last_request;
    posting_t *postings;  //  not confirmed
};

static void try_it (posting_t *posting);

static posting_t *
posting_of (client_actor_t *self, uint64_t request)
{
    posting_t *posting;
    DL_FOREACH (self->postings, posting)
    {
        if (posting->request == request)
            return posting;
    }
    return NULL;
}

static void
posting_free (client_actor_t *self, posting_t *posting)
{
    DL_DELETE (self->postings, posting);
    for (size_t i = 0; i < posting->count; i++)
        event_destroy (&posting->events [i]);
    free (posting->events);
    free (posting);
}

static void
confirmed (client_actor_t *self, posting_t *posting, const message_t *message)
{
    if (message->confirmation_count != posting->count) {
        world_fail (self->world, "a CONFIRM has not as many words as its PUBLISH");
        return;
    }
    for (size_t i = 0; i < posting->count; i++) {
        const confirmation_t *word = &message->confirmations [i];
        if (word->kind == CONFIRMED_ID_TAKEN)
            world_fail (self->world, "%s was said to be another's", posting->events [i]->id);
        else
            checker_confirmed (self->world->checker, posting->events [i]->id, word->partition,
                               word->seq);
    }
    posting_free (self, posting);
}

static void
again (void *actor, uint64_t request, void *load)
{
    (void)load;
    posting_t *posting = posting_of (actor, request);
    if (posting)
        try_it (posting);
}

static void
refused (client_actor_t *self, posting_t *posting, const message_t *message)
{
    for (size_t i = 0; i < posting->count; i++)
        ledger_promise (self->world->ledger, posting->events [i]->id)->refusal = message->status;
    schedule_at (self->world->schedule, world_now (self->world) + AGAIN_MS, again, self,
                 posting->request, NULL, NULL);
}

static void
hear (void *client, message_t *message)
{
    client_actor_t *self = client;
    posting_t *posting = posting_of (self, message->request);
    if (posting && message->command == COMMAND_CONFIRM)
        confirmed (self, posting, message);
    else if (posting && message->command == COMMAND_REFUSE)
        refused (self, posting, message);
    message_clear (message);
}

static void
try_it (posting_t *posting)
{
    client_actor_t *self = posting->client;
    posting->request = ++self->last_request;
    net_send_to_broker (self->world, self->line,
                        &(message_t){.command = COMMAND_PUBLISH,
                                     .request = posting->request,
                                     .events = posting->events,
                                     .event_count = posting->count});
    schedule_at (self->world->schedule, world_now (self->world) + PATIENCE_MS, again, self,
                 posting->request, NULL, NULL);
}

client_actor_t *
client_actor_new (world_t *world)
{
    client_actor_t *self = ALLOCATE (client_actor_t);
    self->world = world;
    self->line = net_dial (world, self, hear);
    return self;
}

void
client_actor_destroy (client_actor_t **self_p)
{
    client_actor_t *self = *self_p;
    if (!self)
        return;
    posting_t *posting, *next;
    DL_FOREACH_SAFE (self->postings, posting, next)
    posting_free (self, posting);
    free (self);
    *self_p = NULL;
}

void
client_actor_publish (client_actor_t *self, event_t *const *events, size_t count)
{
    posting_t *posting = ALLOCATE (posting_t);
    posting->client = self;
    posting->events = allocate (count, sizeof *posting->events);
    posting->count = count;
    for (size_t i = 0; i < count; i++)
        posting->events [i] = event_ref (events [i]);
    DL_APPEND (self->postings, posting);
    try_it (posting);
}
