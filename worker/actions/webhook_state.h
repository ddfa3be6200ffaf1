/*  webhook_state – what a webhook remembers. Only webhook.c and its webhook_….c look inside. */
#ifndef WEBHOOK_STATE_H
#define WEBHOOK_STATE_H

#include "proto/model/event_id.h"
#include "worker/actions/webhook.h"

enum { LINES = 4 };  //  headers of our own: id, timestamp, signature, content type

struct webhook {
    transfer_t transfer;
    webhook_target_t *target;  //  a reference; NULL before the first time
    int64_t now_s;
    bool is_batch;  //  the request holds an array of events, if only of one

    struct curl_slist lines [LINES];  //  in front of the target's headers
    char id [EVENT_ID_SIZE];          //  webhook-id
    char id_line [96];
    char timestamp_line [48];
    char signature_line [SIGNATURE_SIZE + 32];
    body_t type_line;
    body_t body;                     //  of the request, when it is not the event's data
    struct curl_slist *filled;       //  ours: headers that were templates; behind them
    struct curl_slist *filled_last;  //  those of the target, which are not
    char *made;                      //  ours: a body that was one
};

/*  Fills what the target has as templates: the URL, headers (into filled) and body (into made, of size
 *  bytes). BAD_EVENT or TOO_LARGE and a sentence when that cannot be.
 */
status_t webhook_fill (webhook_t *self, const event_t *event, const char *subscription,
                       size_t *size, problem_t *problem);
void webhook_forget_filled (webhook_t *self);

//  One that has begun to answer: what its status means.
void webhook_judge (int http_status, const char *retry_after, const char *location,
                    const webhook_target_t *target, int64_t now_s, ending_t *end);

#endif
