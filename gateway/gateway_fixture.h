/*  gateway_fixture – a real gateway before a fake broker, and a client that talks HTTP with it. */
#ifndef GATEWAY_FIXTURE_H
#define GATEWAY_FIXTURE_H

#include "gateway/bytes.h"
#include "gateway/fake_broker.h"
#include "gateway/gateway.h"

enum {
    FIXTURE_HEARTBEAT_MS = 200,
    FIXTURE_TIMEOUT_MS = 1000,    //  gateway/broker_timeout_ms
    FIXTURE_PATIENCE_MS = 20000,  //  of a test that waits for something that will come
};

typedef struct {
    void *zmq;
    fake_broker_t *broker;
    settings_t *settings;
    gateway_t *gateway;
    int port;
    char endpoint [64];  //  of the broker

    //  The last answer.
    long code;
    bytes_t headers, body;
} fixture_t;

//  Its broker goes and comes back, as another one, at the same endpoint.
void fixture_stop_broker (fixture_t *self);
void fixture_start_broker (fixture_t *self);

//  For cmocka; *state is a fixture_t. The broker is there and the gateway knows it.
int fixture_set_up (void **state);
int fixture_tear_down (void **state);
int fixture_begin (void **state);  //  one test of many with the same gateway: the broker forgets

/*  One request; `headers` are lines, each with its \r\n, and `body` may be NULL. Its answer is in
 *  self. `token` may be NULL.
 */
void fixture_ask (fixture_t *self, const char *method, const char *path, const char *token,
                  const char *headers, const char *body);
void fixture_ask_sized (fixture_t *self, const char *method, const char *path, const char *token,
                        const char *headers, const char *body, size_t size);

//  These bytes over one connection, and all that comes back until it is closed. 0: nothing came.
long fixture_send_raw (fixture_t *self, const char *bytes, size_t size);
int fixture_connect (const fixture_t *self);  //  a descriptor

const char *fixture_body (const fixture_t *self);                   //  "" for none
bool fixture_says (const fixture_t *self, const char *text);        //  in the body
bool fixture_has_header (const fixture_t *self, const char *line);  //  "Allow: POST"
void fixture_expect (const fixture_t *self, long code, const char *in_body);

void fixture_post_event (fixture_t *self, const char *id);  //  with FAKE_WRITER
void fixture_wait_for_code (fixture_t *self, long code);    //  of fixture_post_event

#endif
