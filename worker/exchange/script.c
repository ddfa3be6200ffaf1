#include "worker/exchange/script.h"

#include <stdlib.h>

#include "worker/actions/retry_after.h"

enum {
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_CONFLICT = 409,
    HTTP_TOO_EARLY = 425,
    HTTP_TOO_MANY = 429
};

void
request_clear (request_t *self)
{
    free (self->path);
    json_decref (self->headers);
    json_decref (self->body);
    *self = (request_t){0};
}

const char *
answer_words (const answer_t *self)
{
    const char *words = json_string_value (json_object_get (self->body, "message"));
    if (!words)
        words = json_string_value (json_object_get (self->body, "detail"));
    return words ? words : "";
}

static bool
status_is_of_the_moment (int status)
{
    return status >= 500 || status == HTTP_REQUEST_TIMEOUT || status == HTTP_CONFLICT ||
           status == HTTP_TOO_EARLY || status == HTTP_TOO_MANY;
}

void
answer_judge (const answer_t *self, ending_t *end)
{
    const char *words = answer_words (self);
    const char *colon = *words ? ": " : "";
    if (status_is_of_the_moment (self->status)) {
        ending_retry (end, "answered %d%s%.200s", self->status, colon, words);
        int64_t wait_ms;
        if (self->retry_after && retry_after_read (self->retry_after, self->now_s, &wait_ms))
            end->settlement.retry_after_ms = wait_ms;
    }
    else if (self->status == HTTP_UNAUTHORIZED || self->status == HTTP_FORBIDDEN)
        ending_retry (end, "answered %d%s%.200s: look at the worker's credentials for this server",
                      self->status, colon, words);
    else if (self->status < 400)
        ending_retry (end, "answered %d, which says nothing here: look at the url of this server",
                      self->status);
    else
        ending_fail (end, "answered %d%s%.200s", self->status, colon, words);
}

json_t *
json_merged (const json_t *value, const json_t *patch)
{
    if (!json_is_object (patch))
        return json_deep_copy (patch);
    json_t *merged = json_is_object (value) ? json_deep_copy (value) : json_object ();
    const char *name;
    const json_t *member;
    void *place;
    for (place = json_object_iter ((json_t *)(uintptr_t)patch); place;
         place = json_object_iter_next ((json_t *)(uintptr_t)patch, place)) {
        name = json_object_iter_key (place);
        member = json_object_iter_value (place);
        if (json_is_null (member))
            json_object_del (merged, name);
        else
            json_object_set_new (merged, name,
                                 json_merged (json_object_get (merged, name), member));
    }
    return merged;
}
