/*  troubles – why connections of a socket do not come about, as ZeroMQ's monitor tells it.
 *
 *  The monitor keeps what it has to tell until somebody asks: ask now and then.
 */
#ifndef TROUBLES_H
#define TROUBLES_H

#include <stdbool.h>

typedef struct troubles troubles_t;

typedef enum {
    TROUBLE_NONE,
    TROUBLE_KEY_REFUSED,  //  a DEALER's: the broker does not allow this key
    TROUBLE_BROKEN_OFF,   //  the other side hung up before it was known, perhaps for one of these:
    TROUBLE_NO_COMMON_WAY,  //  one side has keys and the other has none
    TROUBLE_WRONG_KEY,      //  a ROUTER's: it was called by the key of another broker
    TROUBLE_UNREACHABLE     //  a DEALER's: nobody accepts the connection
} trouble_t;

//  Of a socket that is not yet bound or connected. NULL when it cannot be watched.
troubles_t *troubles_new (void *zmq, void *socket);
void troubles_destroy (troubles_t **self_p);  //  before the socket is closed. Safe on NULL

void *troubles_socket (const troubles_t *self);  //  for zmq_poll

//  The next that has not been told yet; TROUBLE_NONE: nothing more now.
trouble_t troubles_take (troubles_t *self);

#endif
