/*  webhook_state – what a webhook remembers. Only webhook.c and its webhook_….c look inside. */
#ifndef WEBHOOK_STATE_H
#define WEBHOOK_STATE_H

#include "worker/actions/address.h"
#include "worker/actions/webhook.h"

enum {
    DRAIN_BYTES = 65536,   //  read beyond what is kept, so that the connection can be used again
    HEADER_BYTES = 65536,  //  of an answer, at most
    BUFFER_BYTES = 4096,   //  that each slot of libcurl reads an answer into: most are small
    LINES = 4              //  headers of our own: id, timestamp, signature, content type
};

struct webhook {
    const webhook_settings_t *settings;  //  borrowed
    CURL *curl;
    webhook_target_t *target;  //  a reference; NULL before the first time
    int64_t timeout_ms;        //  as set in curl
    int64_t now_s;

    struct curl_slist lines [LINES];  //  in front of the target's headers
    char id_line [96];
    char timestamp_line [48];
    char signature_line [SIGNATURE_SIZE + 32];
    body_t type_line;
    body_t body;  //  of the request, when it is not the event's data

    body_t reply;                       //  the start of the answer
    size_t reply_size;                  //  of what was read
    size_t header_size;                 //
    bool has_head;                      //  the headers of the answer have ended
    bool is_refused;                    //  an address was not public
    char address [ADDRESS_TEXT_SIZE];   //  the last one tried; "" on a connection used again
    char curl_error [CURL_ERROR_SIZE];  //
};

//  One that has begun to answer: what its status means.
void webhook_judge (int http_status, const char *retry_after, const char *location,
                    const webhook_target_t *target, int64_t now_s, ending_t *end);

//  One that has not, in words.
void webhook_explain (const webhook_t *self, CURLcode code, ending_t *end);

#endif
