#include "worker/repertoire.h"

#include <stdlib.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "worker/actions/counter.h"
#include "worker/actions/webhook_action.h"
#include "worker/balrog/balrog_action.h"
#include "worker/exec/exec_action.h"
#include "worker/kinto/kinto_action.h"
#include "worker/plugins/plugin_action.h"

enum { OFFERS = 8 + PLUGINS };

struct repertoire {
    transfer_settings_t webhook;
    counter_t *counter;  //  ours
    programs_t programs;
    exec_settings_t exec;
    char *exec_schema;  //  ours
    kinto_servers_t kintos;
    kinto_settings_t kinto;
    char *kinto_schema;  //  ours
    balrog_servers_t balrogs;
    balrog_settings_t balrog;
    char *balrog_schema;  //  ours
    plugins_t plugins;
    crew_t *crews [PLUGINS];            //  ours
    action_t plugin_actions [PLUGINS];  //
    offer_t offers [OFFERS];
    const char *names [OFFERS];
    const char *schemas [OFFERS];
    size_t count;
};

static void
repertoire_add (repertoire_t *self, const action_t *action, const void *settings,
                const char *schema)
{
    ASSERT (self->count < OFFERS, "OFFERS has room for every action there is");
    self->names [self->count] = action->name;
    self->schemas [self->count] = schema;
    self->offers [self->count++] = (offer_t){action, settings, schema};
}

//  Only where there are programs.
static status_t
repertoire_add_exec (repertoire_t *self, const settings_t *settings, const helper_t *helper,
                     problem_t *problem)
{
    status_t status = programs_read (&self->programs, settings, problem);
    if (status || self->programs.count == 0)
        return status;
    if (!helper)
        return problem_set (
            problem, STATUS_SYSTEM,
            "worker/exec: the helper process that starts programs could not be made");
    self->exec = (exec_settings_t){.helper = helper, .programs = &self->programs};
    self->exec_schema = exec_schema (&self->programs);
    repertoire_add (self, &exec_action, &self->exec, self->exec_schema);
    return STATUS_OK;
}

//  Likewise.
static status_t
repertoire_add_kinto (repertoire_t *self, const settings_t *settings, problem_t *problem)
{
    status_t status = kinto_servers_read (&self->kintos, settings, problem);
    if (status || self->kintos.count == 0)
        return status;
    self->kinto =
        (kinto_settings_t){.servers = &self->kintos, .limits = settings_limits (settings)};
    self->kinto_schema = kinto_schema (&self->kintos);
    repertoire_add (self, &kinto_action, &self->kinto, self->kinto_schema);
    return STATUS_OK;
}

static status_t
repertoire_add_balrog (repertoire_t *self, const settings_t *settings, problem_t *problem)
{
    status_t status = balrog_servers_read (&self->balrogs, settings, problem);
    if (status || self->balrogs.count == 0)
        return status;
    self->balrog =
        (balrog_settings_t){.servers = &self->balrogs, .limits = settings_limits (settings)};
    self->balrog_schema = balrog_schema (&self->balrogs);
    repertoire_add (self, &balrog_action, &self->balrog, self->balrog_schema);
    return STATUS_OK;
}

static status_t
repertoire_add_plugins (repertoire_t *self, const settings_t *settings, problem_t *problem)
{
    status_t status = plugins_read (&self->plugins, settings, problem);
    for (size_t i = 0; !status && i < self->plugins.count; i++) {
        const plugin_t *plugin = &self->plugins.list [i];
        self->crews [i] = crew_new (plugin);
        self->plugin_actions [i] = plugin_action (plugin->name);
        repertoire_add (self, &self->plugin_actions [i], self->crews [i], plugin->schema);
    }
    return status;
}

repertoire_t *
repertoire_new (const settings_t *settings, const helper_t *helper, metrics_t *metrics,
                problem_t *problem)
{
    OWNED (repertoire) repertoire_t *self = ALLOCATE (repertoire_t);
    self->webhook = (transfer_settings_t){
        .allows_private = settings_flag (settings, "worker/allow_private_addresses"),
        .connect_timeout_ms = settings_number (settings, "worker/connect_timeout_ms"),
        .reply_bytes = (size_t)settings_limits (settings)->reply_bytes,
        .result_bytes = (size_t)settings_limits (settings)->result_bytes};
    repertoire_add (self, &webhook_action, &self->webhook, webhook_schema);
    self->counter =
        counter_new ((size_t)settings_number (settings, "worker/counter_keys"), metrics);
    repertoire_add (self, &counter_action, self->counter, counter_schema);
    if (repertoire_add_exec (self, settings, helper, problem) ||
        repertoire_add_kinto (self, settings, problem) ||
        repertoire_add_balrog (self, settings, problem) ||
        repertoire_add_plugins (self, settings, problem))
        return NULL;
    return TAKE (self);
}

void
repertoire_destroy (repertoire_t **self_p)
{
    repertoire_t *self = *self_p;
    if (!self)
        return;
    counter_destroy (&self->counter);
    programs_clear (&self->programs);
    free (self->exec_schema);
    kinto_servers_clear (&self->kintos);
    free (self->kinto_schema);
    balrog_servers_clear (&self->balrogs);
    free (self->balrog_schema);
    bool has_left = true;
    for (size_t i = 0; i < PLUGINS; i++)
        has_left &= crew_destroy (&self->crews [i]);
    *self_p = NULL;
    if (!has_left)
        return;  //  a thread is still in a plug-in, and may come back to all this
    plugins_clear (&self->plugins);
    free (self);
}

bool
repertoire_runs_programs (const repertoire_t *self)
{
    return self->programs.count > 0;
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

const char *const *
repertoire_schemas (const repertoire_t *self)
{
    return self->schemas;
}
