/*  http – the server: civetweb set as docs say, a thread for each connection, every request handed
 *  to routes and answered in one write.
 */
#ifndef HTTP_H
#define HTTP_H

#include "gateway/services.h"

typedef struct http http_t;

/*  Listens at gateway/listen, and writes services->url. NULL and a problem (SYSTEM, BAD_SETTING)
 *  when it cannot.
 */
http_t *http_new (services_t *services, problem_t *problem);

//  New requests are refused, those under way are finished. Safe on NULL.
void http_destroy (http_t **self_p);

#endif
