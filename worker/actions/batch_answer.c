#include "worker/actions/batch_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/owned_json.h"
#include "worker/actions/cloud_event.h"
#include "worker/actions/reply.h"

enum { BYTES_FOR_EACH = 1024, BYTES_MOST = 1048576, ERROR_SIZE = 512 };

size_t
batch_answer_most (const run_t *run, size_t usual)
{
    size_t most = (run->delivery_count + 1) * BYTES_FOR_EACH;
    if (most > BYTES_MOST)
        most = BYTES_MOST;
    return most > usual ? most : usual;
}

static const char *
text_of (const json_t *element, const char *name)
{
    return json_string_value (json_object_get (element, name));
}

static bool
is_about (const json_t *element, const event_t *event)
{
    const char *id = text_of (element, "id");
    const char *source = text_of (element, "source");
    if (!id || strcmp (id, cloud_event_id (event)) != 0)
        return false;
    return !source || strcmp (source, cloud_event_source (event)) == 0;
}

//  Most consumers answer in the order of the events: the search goes on from where it ended.
static const json_t *
find (const json_t *list, const event_t *event, size_t *place)
{
    size_t count = json_array_size (list);
    for (size_t i = 0; i < count; i++) {
        size_t at = (*place + i) % count;
        const json_t *element = json_array_get (list, at);
        if (!is_about (element, event))
            continue;
        *place = at + 1;
        return element;
    }
    return NULL;
}

//  What the consumer says of it, in words.
static void
explain (const json_t *element, int http_status, const char *status, char text [ERROR_SIZE])
{
    char said [ERROR_SIZE / 2];
    const char *error = text_of (element, "error");
    reply_show (error ? error : "", error ? strlen (error) : 0, said, sizeof said);
    snprintf (text, ERROR_SIZE, "answered %d, and \"%s\" of this event%s%s", http_status, status,
              *said ? ": " : "", said);
}

static void
set_one (run_t *run, size_t index, const json_t *element, size_t most)
{
    char error [ERROR_SIZE] = "", word [24];
    const char *given = text_of (element, "status");
    reply_show (given ? given : "?", given ? strlen (given) : 1, word, sizeof word);
    outcome_t outcome = OUTCOME_RETRY;
    if (!outcome_from_name (word, &outcome) || outcome != OUTCOME_OK)
        explain (element, run->end.settlement.http_status, word, error);
    const json_t *result = json_object_get (element, "result");
    char *text = result ? json_dumps (result, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    bool is_kept = text && strlen (text) <= most;
    endings_change (&run->each, index, outcome, error, is_kept ? text : "");
    free (text);
}

void
batch_answer_read (const transfer_t *transfer, run_t *run)
{
    const body_t *reply = &transfer->reply;
    const char *type = transfer_header (transfer, "content-type");
    if (transfer_is_cut (transfer) && type && content_type_is_json (type)) {
        ending_retry (&run->end, "the answer to %zu events is longer than %zu bytes",
                      run->delivery_count, transfer->reply_bytes);
        return;
    }
    OWNED (json)
    json_t *answer = reply->used > 0 ? json_loadb (reply->bytes, reply->used, 0, NULL) : NULL;
    const json_t *list = json_object_get (answer, "data");
    if (!json_is_array (list))
        return;
    endings_fill (&run->each, run->delivery_count, &run->end.settlement);
    size_t place = 0;
    for (size_t i = 0; i < run->delivery_count; i++) {
        const json_t *element = find (list, run_delivery (run, i)->event, &place);
        if (element)
            set_one (run, i, element, transfer->settings->reply_bytes);
        else
            endings_change (&run->each, i, OUTCOME_OK, "", "");
    }
}
