/*  fake_consumer – an HTTP server on loopback with the manners that a test asks for.
 *
 *  A thread for each connection. What it answers is by the path: see manners in fake_consumer.c.
 */
#ifndef FAKE_CONSUMER_H
#define FAKE_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fake_consumer fake_consumer_t;

fake_consumer_t *fake_consumer_new (void);
void fake_consumer_destroy (fake_consumer_t **self_p);
int fake_consumer_port (const fake_consumer_t *self);

//  {"action": …, "deliver": {"url": …}} for a path, as in "/good".
const char *fake_consumer_deliver (fake_consumer_t *self, const char *path);

/*  What comes next is answered so, whatever its path; then by the path again. Several wait in order.
 *  head: status and headers, "200 OK\r\nBackoff: 1"; NULL: nothing is said until it is let go, nor then.
 */
void fake_consumer_answer (fake_consumer_t *self, const char *head, const char *body);

//  Requests so far, and connections that they came over. The first waits until there are so many.
void fake_consumer_await (fake_consumer_t *self, size_t requests);
size_t fake_consumer_requests (fake_consumer_t *self);
size_t fake_consumer_connections (fake_consumer_t *self);

//  The head and the body of the last request, together. free () it.
char *fake_consumer_last (fake_consumer_t *self);

void fake_consumer_let_go (fake_consumer_t *self);      //  /held is answered from now on
void fake_consumer_talk_first (fake_consumer_t *self);  //  who connects is greeted, as by SMTP

#endif
