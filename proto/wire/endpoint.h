/*  endpoint – where a socket binds or connects, as an address that ZeroMQ need not resolve.
 *
 *  ZeroMQ would resolve a name in its I/O thread, which stops every socket of the process for up to
 *  20 s. Of several addresses the first IPv4 one is taken, so that two ends of one name agree.
 *  Without keys only this machine may be spoken with: loopback, ipc and inproc.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "proto/model/status.h"

enum { ENDPOINT_SIZE = 256 };  //  bytes, with the final zero

typedef struct {
    char address [ENDPOINT_SIZE];  //  "tcp://127.0.0.1:7101", "tcp://[::1]:*", "inproc://front"
    bool is_ipv6;
    bool is_inproc;  //  within this process, where nobody listens in
} endpoint_t;

/*  What an end of a connection may be. */
typedef struct {
    bool is_server;  //  it may be any port, tcp://HOST:*, and with keys all hosts, tcp://*:PORT
    bool has_keys;   //  so that it may be another machine
} endpoint_rights_t;

/*  BAD_SETTING: it is no endpoint, or one that needs keys. SYSTEM: the name has no address now.
 *  Blocks while it resolves a name.
 */
status_t endpoint_resolve (const char *text, endpoint_rights_t rights, endpoint_t *endpoint,
                           problem_t *problem);

#endif
