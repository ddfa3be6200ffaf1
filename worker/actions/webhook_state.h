/*  webhook_state – what a webhook remembers. Only webhook.c and its webhook_….c look inside. */
#ifndef WEBHOOK_STATE_H
#define WEBHOOK_STATE_H

#include "worker/actions/webhook.h"

enum { LINES = 4 };  //  headers of our own: id, timestamp, signature, content type

struct webhook {
    transfer_t transfer;
    webhook_target_t *target;  //  a reference; NULL before the first time
    int64_t now_s;

    struct curl_slist lines [LINES];  //  in front of the target's headers
    char id_line [96];
    char timestamp_line [48];
    char signature_line [SIGNATURE_SIZE + 32];
    body_t type_line;
    body_t body;  //  of the request, when it is not the event's data
};

//  One that has begun to answer: what its status means.
void webhook_judge (int http_status, const char *retry_after, const char *location,
                    const webhook_target_t *target, int64_t now_s, ending_t *end);

#endif
