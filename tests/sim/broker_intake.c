#include "tests/sim/broker_intake.h"

#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "tests/sim/broker_actor_state.h"

//  The last that was welcomed at this connection; 0: none.
static session_id_t
session_at (const broker_actor_t *self, peer_t peer)
{
    for (size_t i = self->known_count; i-- > 0;)
        if (self->known [i].peer == peer)
            return self->known [i].session;
    return 0;
}

//  What it says beside the document.
static brought_t
take_out (json_t *document, const char *worker)
{
    brought_t brought = {.by = worker,
                         .revision = json_integer_value (json_object_get (document, "revision")),
                         .keep = json_is_true (json_object_get (document, "keep"))};
    json_object_del (document, "revision");
    json_object_del (document, "keep");
    return brought;
}

static subscription_t *
make (const broker_actor_t *self, json_t *document, const subscription_t *old,
      const brought_t *brought)
{
    int64_t version = broker_actor_now (self);
    if (old && version <= old->version)
        version = old->version + 1;
    problem_t problem = {0};
    json_object_set_new (document, "created", json_integer (old ? old->created_ms : version));
    json_object_set_new (document, "brought",
                         json_pack ("{s:s, s:I, s:b}", "by", brought->by, "revision",
                                    (json_int_t)brought->revision, "keep", brought->keep));
    subscription_t *made = subscription_new (document, version, &self->world->limits, &problem);
    if (!made)
        world_fail (self->world, "what a worker brings is none: %s", problem.text);
    return made;
}

static void
bring_one (broker_actor_t *self, const input_t *hello, session_id_t session, const char *text)
{
    OWNED (json) json_t *document = json_loads (text, 0, NULL);
    brought_t brought = take_out (document, hello->hello.name);
    const char *id = json_string_value (json_object_get (document, "id"));
    const subscription_t *old = broker_actor_subscription (self, id);
    OWNED (subscription) subscription_t *made = NULL;
    if (!old || (old->brought.by && brought.revision > old->brought.revision))
        made = make (self, document, old, &brought);
    watch_brought (self->world->watch, session, id, &brought);
    broker_actor_step (self, &(input_t){.kind = INPUT_BRING,
                                        .peer = hello->peer,
                                        .session = session,
                                        .bring = {.id = id, .subscription = made}});
}

void
broker_intake_hello (broker_actor_t *self, const input_t *input, const message_t *hello)
{
    session_id_t before = session_at (self, input->peer);
    broker_actor_step (self, input);
    session_id_t session = session_at (self, input->peer);
    for (size_t i = 0; session != before && i < hello->subscription_count; i++)
        bring_one (self, input, session, hello->subscriptions [i]);
}
