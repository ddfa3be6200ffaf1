#include "daemon/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

enum { BROKERS = 16 };

struct keyring {
    bool has_keys;
    node_key_t own;
    node_key_t brokers [BROKERS];
    size_t broker_count;
};

void
keyring_destroy (keyring_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

static status_t
keyring_read_broker (keyring_t *self, const char *path, problem_t *problem)
{
    if (self->broker_count == BROKERS)
        return problem_at (problem, STATUS_BAD_SETTING, "keys/brokers",
                           "keys/brokers names more than %d files", BROKERS);
    node_key_t *key = &self->brokers [self->broker_count];
    status_t status = node_key_read_public (path, key, problem);
    if (status)
        return status;
    if (key->role != NODE_BROKER)
        return problem_at (problem, STATUS_BAD_SETTING, "keys/brokers",
                           "keys/brokers: %s is the key of a %s; name the .public file of a broker",
                           path, node_role_word (key->role));
    self->broker_count++;
    return STATUS_OK;
}

static status_t
keyring_read_brokers (keyring_t *self, const char *list, problem_t *problem)
{
    OWNED (text) char *words = allocate_copy (list);
    char *rest = NULL;
    status_t status = STATUS_OK;
    for (char *path = strtok_r (words, " \t", &rest); path && !status;
         path = strtok_r (NULL, " \t", &rest))
        status = keyring_read_broker (self, path, problem);
    return status;
}

//  In the process of a broker everybody knows its key.
static void
keyring_know_own_broker (keyring_t *self)
{
    if (self->broker_count > 0 || self->own.role != NODE_BROKER)
        return;
    self->brokers [0] = self->own;
    self->broker_count = 1;
}

keyring_t *
keyring_new (const settings_t *settings, problem_t *problem)
{
    OWNED (keyring) keyring_t *self = ALLOCATE (keyring_t);
    const char *own = settings_text (settings, "keys/own");
    const char *brokers = settings_text (settings, "keys/brokers");
    if (!*own && (*brokers || *settings_text (settings, "keys/allowed"))) {
        problem_at (problem, STATUS_BAD_SETTING, "keys/own",
                    "keys/own is empty, though other keys are given: name this node's file "
                    "NAME.secret (`tocsin keygen`, docs/keys.md)");
        return NULL;
    }
    if (!*own)
        return TAKE (self);
    if (node_key_read_secret (own, &self->own, problem) ||
        keyring_read_brokers (self, brokers, problem))
        return NULL;
    self->has_keys = true;
    keyring_know_own_broker (self);
    return TAKE (self);
}

const node_key_t *
keyring_own (const keyring_t *self)
{
    return self->has_keys ? &self->own : NULL;
}

status_t
keyring_check (const keyring_t *self, const char *list, size_t count, problem_t *problem)
{
    if (!self->has_keys || self->broker_count == 1 || self->broker_count == count)
        return STATUS_OK;
    if (self->broker_count == 0)
        return problem_at (problem, STATUS_BAD_SETTING, "keys/brokers",
                           "keys/brokers is empty: name the .public file of the broker at %s",
                           list);
    return problem_at (problem, STATUS_BAD_SETTING, "keys/brokers",
                       "keys/brokers names %zu files and %s %zu endpoints: name one file for each, "
                       "in their order, or one for all",
                       self->broker_count, list, count);
}

const link_keys_t *
keyring_to_broker (const keyring_t *self, size_t index, link_keys_t *keys)
{
    if (!self->has_keys)
        return NULL;
    ASSERT (self->broker_count > 0, "a list that was not checked would connect with no key");
    const node_key_t *broker = &self->brokers [self->broker_count == 1 ? 0 : index];
    *keys = (link_keys_t){.own = &self->own, .broker = broker->public_key};
    return keys;
}
