/*  client_rights – what a program with the key of a client may call: what asks, and changes nothing.
 *
 *  A gateway may call everything, since it knows by its tokens who may. A client's key has no scopes.
 */
#ifndef CLIENT_RIGHTS_H
#define CLIENT_RIGHTS_H

#include <stdbool.h>

bool client_may_call (const char *method);

#endif
