#include "worker/repertoire.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "worker/actions/webhook_action.h"

enum { OFFERS = 8 };

struct repertoire {
    webhook_settings_t webhook;
    offer_t offers [OFFERS];
    const char *names [OFFERS];
    size_t count;
};

static void
repertoire_add (repertoire_t *self, const action_t *action, const void *settings,
                const char *schema)
{
    ASSERT (self->count < OFFERS, "OFFERS has room for every action there is");
    self->names [self->count] = action->name;
    self->offers [self->count++] = (offer_t){action, settings, schema};
}

repertoire_t *
repertoire_new (const settings_t *settings)
{
    repertoire_t *self = ALLOCATE (repertoire_t);
    self->webhook = (webhook_settings_t){
        .allows_private = settings_flag (settings, "worker/allow_private_addresses"),
        .connect_timeout_ms = settings_number (settings, "worker/connect_timeout_ms"),
        .reply_bytes = (size_t)settings_limits (settings)->reply_bytes};
    repertoire_add (self, &webhook_action, &self->webhook, webhook_schema);
    return self;
}

void
repertoire_destroy (repertoire_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

const offer_t *
repertoire_offers (const repertoire_t *self)
{
    return self->offers;
}

size_t
repertoire_count (const repertoire_t *self)
{
    return self->count;
}

const char *const *
repertoire_names (const repertoire_t *self)
{
    return self->names;
}
