/*  roster – the workers as the API lists them, and as a table. */
#ifndef ROSTER_H
#define ROSTER_H

#include "cli/named.h"
#include "cli/table.h"

/*  All pages of GET /v1/workers, or those of one name; an array, owned by the caller. NULL and the
 *  problem otherwise.
 */
json_t *roster_fetch (client_t *client, const char *name, problem_t *problem);

//  "active", or what is in the way of it.
const char *roster_state (const json_t *worker);

enum { ROSTER_AGE_SIZE = 24 };

//  How long ago, in one unit: "12s", "5m", "3h", "4d".
const char *roster_age (int64_t ms, char text [ROSTER_AGE_SIZE]);

void roster_print (const json_t *workers, int64_t now_ms);

#endif
