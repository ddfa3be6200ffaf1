/*  gateway – the role: HTTP on one side (civetweb), a link to the broker on the other. No state. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "daemon/settings.h"

typedef struct gateway gateway_t;

/*  Listens (gateway/listen; port 0 picks one) and starts to connect to gateway/brokers; serves 503
 *  until a broker answers. NULL and a problem otherwise.
 */
gateway_t *gateway_new (const settings_t *settings, void *zmq, problem_t *problem);
const char *gateway_url (const gateway_t *self);  //  "http://127.0.0.1:8889"

//  Finishes the requests that are under way. Safe on NULL.
void gateway_destroy (gateway_t **self_p);

#endif
