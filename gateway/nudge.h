/*  nudge – connects to a server again and again while it is told to stop. civetweb looks whether it
 *  should at each connection, and otherwise only every two seconds.
 */
#ifndef NUDGE_H
#define NUDGE_H

typedef struct nudge nudge_t;

nudge_t *nudge_new (const char *url);  //  "http://HOST:PORT", and what comes after it
void nudge_destroy (nudge_t **self_p);

#endif
