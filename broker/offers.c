#include "broker/offers.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/json_schema.h"

struct offer_entry {
    link_peer_t peer;
    char *action;    //  ours
    json_t *schema;  //  ours; NULL: it takes anything
    struct offer_entry *prev, *next;
};

static void
offers_remove (offers_t *self, offer_entry_t *entry)
{
    DL_DELETE (self->entries, entry);
    json_decref (entry->schema);
    free (entry->action);
    free (entry);
}

void
offers_drop (offers_t *self, link_peer_t peer)
{
    offer_entry_t *entry, *next;
    DL_FOREACH_SAFE (self->entries, entry, next)
    {
        if (entry->peer == peer)
            offers_remove (self, entry);
    }
}

void
offers_clear (offers_t *self)
{
    while (self->entries)
        offers_remove (self, self->entries);
}

//  One that we cannot apply is none, and its worker's owner should know.
static json_t *
schema_read (const char *text, const char *worker, const char *action)
{
    problem_t problem = {0};
    json_t *schema = *text ? json_loads (text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!*text || (schema && json_schema_check (schema, &problem) == STATUS_OK))
        return schema;
    log_warning ("broker", "worker %s: the parameters of its action %s are not checked: %s", worker,
                 action, schema ? problem.text : "its schema is no JSON");
    json_decref (schema);
    return NULL;
}

void
offers_put (offers_t *self, link_peer_t peer, const message_t *hello)
{
    offers_drop (self, peer);
    for (size_t i = 0; i < hello->action_count; i++) {
        offer_entry_t *entry = ALLOCATE (offer_entry_t);
        entry->peer = peer;
        entry->action = allocate_copy (hello->actions [i]);
        if (i < hello->schema_count)
            entry->schema = schema_read (hello->schemas [i], hello->name, entry->action);
        DL_APPEND (self->entries, entry);
    }
}

status_t
offers_check (const offers_t *self, const json_t *action, problem_t *problem)
{
    const char *name = json_string_value (json_object_get (action, "name"));
    const offer_entry_t *entry;
    problem_t refused = {0};
    DL_FOREACH (self->entries, entry)
    {
        if (!name || strcmp (entry->action, name) != 0)
            continue;
        if (!entry->schema ||
            json_schema_apply (entry->schema, action, "action", &refused) == STATUS_OK)
            return STATUS_OK;
    }
    if (refused.status)
        *problem = refused;
    return refused.status;
}
