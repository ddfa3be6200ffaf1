/*  keyring – the keys of this node: its own, and those of the brokers that it connects to.
 *
 *  From keys/own and keys/brokers. Without keys/own there are none, and links stay on this machine.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include "daemon/settings.h"
#include "proto/wire/link.h"

typedef struct keyring keyring_t;

/*  NULL and a problem (BAD_SETTING, SYSTEM) when a file that is named holds no key. */
keyring_t *keyring_new (const settings_t *settings, problem_t *problem);
void keyring_destroy (keyring_t **self_p);

const node_key_t *keyring_own (const keyring_t *self);  //  NULL: there are no keys

/*  BAD_SETTING: `list`, the setting of that name with `count` endpoints, cannot be held against
 *  keys/brokers, which names one file for all of them or one for each.
 */
status_t keyring_check (const keyring_t *self, const char *list, size_t count, problem_t *problem);

//  For the index-th endpoint of a list that was checked; NULL: without keys. Filled into `keys`.
const link_keys_t *keyring_to_broker (const keyring_t *self, size_t index, link_keys_t *keys);

#endif
