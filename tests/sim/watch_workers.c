#include "tests/sim/watch_workers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/labels.h"

enum { NAME_SIZE = 16, LABELS_SIZE = 32 };

//  A worker at a connection.
typedef struct {
    peer_t peer;
    session_id_t session;  //  0: not welcomed yet
    char name [NAME_SIZE];
    char labels [LABELS_SIZE];
} guest_t;

struct watch_workers {
    world_t *world;
    guest_t guests [WORLD_SESSIONS];  //  the last to come
    size_t guest_count;
    char drained [WORLD_WORKERS][NAME_SIZE];
    size_t drained_count;
};

watch_workers_t *
watch_workers_new (world_t *world)
{
    watch_workers_t *self = ALLOCATE (watch_workers_t);
    self->world = world;
    return self;
}

void
watch_workers_destroy (watch_workers_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

void
watch_workers_begun (watch_workers_t *self)
{
    self->guest_count = self->drained_count = 0;
}

//  drained_count: it is not drained.
static size_t
find_drained (const watch_workers_t *self, const char *name)
{
    size_t i = 0;
    while (i < self->drained_count && strcmp (self->drained [i], name) != 0)
        i++;
    return i;
}

static void
hear_drain (watch_workers_t *self, const char *name, bool is_on)
{
    size_t i = find_drained (self, name);
    if (is_on && i == self->drained_count)
        snprintf (self->drained [self->drained_count++], NAME_SIZE, "%s", name);
    else if (!is_on && i < self->drained_count)
        memcpy (self->drained [i], self->drained [--self->drained_count], NAME_SIZE);
}

static void
hear_hello (watch_workers_t *self, const input_t *input)
{
    if (self->guest_count == WORLD_SESSIONS)
        memmove (self->guests, self->guests + 1, --self->guest_count * sizeof *self->guests);
    guest_t *guest = &self->guests [self->guest_count++];
    *guest = (guest_t){.peer = input->peer};
    snprintf (guest->name, NAME_SIZE, "%s", input->hello.name);
    snprintf (guest->labels, LABELS_SIZE, "%s", input->hello.labels ? input->hello.labels : "");
}

void
watch_workers_heard (watch_workers_t *self, const input_t *input)
{
    if (input->kind == INPUT_DRAIN)
        hear_drain (self, input->drain.name, input->drain.is_on);
    else if (input->kind == INPUT_HELLO)
        hear_hello (self, input);
}

static void
object (const watch_workers_t *self, const guest_t *guest, const effect_t *deliver)
{
    const char *event = deliver->deliver.event->id;
    const char *wanted = deliver->deliver.subscription->labels;
    if (find_drained (self, guest->name) < self->drained_count)
        world_fail (self->world, "%s goes to %s, which is drained", event, guest->name);
    if (!labels_have (guest->labels, wanted))
        world_fail (self->world, "%s goes to %s, which is \"%s\" and not \"%s\"", event,
                    guest->name, guest->labels, wanted);
}

void
watch_workers_said (watch_workers_t *self, const effect_t *effect)
{
    for (size_t i = 0; i < self->guest_count; i++) {
        guest_t *guest = &self->guests [i];
        if (effect->kind == EFFECT_WELCOME && guest->peer == effect->peer)
            guest->session = effect->session;
        if (effect->kind == EFFECT_DELIVER && guest->session == effect->session)
            object (self, guest, effect);
    }
}
