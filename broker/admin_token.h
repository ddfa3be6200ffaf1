/*  admin_token – the first token of a new store, left in a file for who may read it. */
#ifndef ADMIN_TOKEN_H
#define ADMIN_TOKEN_H

#include <limits.h>

#include "broker/store/store.h"
#include "daemon/settings.h"

/*  The folder of a store's file; "" when it has none. */
void admin_token_folder (const char *store_url, char folder [PATH_MAX]);

/*  If the store has no token, makes one with scope admin: first the file (mode 0600, on disk), then
 *  the store, so that no token is there which nobody knows.
 */
status_t admin_token_ensure (store_t *store, const settings_t *settings, problem_t *problem);

#endif
