/*  target – what a subscription says of its deliveries, made ready for requests.
 *
 *  Immutable but for its signer, and counted: a transfer under way keeps it. For one thread.
 */
#ifndef TARGET_H
#define TARGET_H

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>

#include "proto/model/template.h"
#include "proto/wire/message.h"
#include "worker/actions/signer.h"

typedef enum { FORMAT_CLOUDEVENTS, FORMAT_KINTO, FORMAT_RAW } format_t;

//  A header with slots.
typedef struct {
    char *name, *text;  //  ours
} webhook_header_t;

typedef struct {
    char *url;                 //  ours
    bool has_slots;            //  the URL
    webhook_header_t *filled;  //  ours
    size_t filled_count;
    json_t *body;            //  ours: a string, or a document of templates; NULL: it is by format
    template_place_t place;  //  of a body that is a string
    char *content_type;      //  ours: of that body
    format_t format;
    struct curl_slist *headers;  //  those that every delivery has; ours
    signer_t *signer;            //  ours; NULL: deliveries are not signed
    bool is_batched;             //  many events in one request
    bool is_final [200];         //  whether 400 + i ends a delivery without a retry
    int references;
} webhook_target_t;

/*  document: JSON of its `action` and `deliver`. NULL and a problem (BAD_SUBSCRIPTION) when it is none of a webhook: it was written by another
 *  version of Tocsin, then.
 */
webhook_target_t *webhook_target_new (const json_t *document, problem_t *problem);
webhook_target_t *webhook_target_ref (webhook_target_t *self);
void webhook_target_destroy (webhook_target_t **self_p);  //  gives one reference back

char *webhook_header_line (const char *name, const char *text);  //  as libcurl wants it; free () it

#endif
