/*  exchange_state – what an exchange remembers. Only exchange.c and its exchange_….c look inside. */
#ifndef EXCHANGE_STATE_H
#define EXCHANGE_STATE_H

#include "worker/actions/transfer.h"
#include "worker/exchange/exchange.h"

enum {
    BATCH_MOST = 25,        //  requests of one batch; Kinto's own limit unless it is set otherwise
    BATCH_BYTES = 1048576,  //  of their bodies
    BATCHES_MOST = 4,       //  under way: what comes meanwhile goes together into the next
    TOKEN_TIMEOUT_MS = 10000
};

typedef struct haul haul_t;

//  An attempt.
typedef struct talk {
    run_t *run;
    service_t *service;
    void *play;                  //  the script's
    request_t request;           //  that is next, or under way
    int64_t began_us, until_ms;  //  monotonic
    haul_t *haul;                //  that carries the request; NULL: it waits
    bool goes_alone;             //  a batch failed that it was in
    bool had_other_token;      //  401 is no answer to the first one, which may have been taken back
    token_place_t token;       //
    struct talk *prev, *next;  //  of all
} talk_t;

typedef enum { HAUL_REQUEST, HAUL_BATCH, HAUL_TOKEN } haul_kind_t;

//  One transfer: of a request, of many in a batch, or of a token.
struct haul {
    run_t carrier;  //  first: libcurl's word for it. No attempt; only its actor is looked at
    transfer_t transfer;
    haul_kind_t kind;
    service_t *service;
    talk_t *talks [BATCH_MOST];  //  NULL: it has ended meanwhile
    size_t count;
    char *url, *body;  //  ours
    struct curl_slist *headers;
    struct haul *prev, *next;  //  of those under way, or of the idle ones
};

struct exchange {
    action_place_t place;
    const script_t *script;
    service_t *services;  //  borrowed
    size_t service_count;
    wake_t *wake;         //  ours
    bool is_awake;        //  it will have its turn anyway
    struct actor *actor;  //  ours in the thread; NULL before the first attempt
    talk_t *talks;        //  the oldest first
    haul_t *hauls, *idle;
};

//  A transfer for this service, not yet set up; what it asks; its way onto the wire; it is idle again.
haul_t *haul_new (exchange_t *self, service_t *service, haul_kind_t kind);
void haul_add_header (haul_t *self, const char *line);
void haul_set (haul_t *self, const char *url, const char *path, const json_t *body);
void haul_start (exchange_t *self, haul_t *haul, const char *method, int64_t timeout_ms);
void haul_end (exchange_t *self, haul_t *haul);

//  What came back. It lives as long as the haul carries it, but for body, which is the caller's.
void haul_answer (const haul_t *self, answer_t *answer);

//  The request of a talk: alone, or with others that wait for the same server.
void exchange_send (exchange_t *self, talk_t *talk, const char *token_line, int64_t now_ms);
void exchange_send_alone (exchange_t *self, talk_t *talk, const char *token_line, int64_t now_ms);
void exchange_fetch_token (exchange_t *self, service_t *service);

//  The script's turn: another request, or the end.
void talk_go_on (exchange_t *self, talk_t *talk, const answer_t *answer);
void talk_end (exchange_t *self, talk_t *talk);

//  A batch has come back; answer->status 0: without an answer.
void exchange_unpack (exchange_t *self, const haul_t *haul, CURLcode code, const answer_t *answer);

#endif
