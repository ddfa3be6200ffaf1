#include "worker/balrog/balrog_release.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_NOT_FOUND = 404,
    CHANGES_MOST = 50,  //  by others, before an attempt gives up: each of them got on meanwhile
    RESULT_BYTES = 65536
};

//  What was asked last.
typedef enum { NOTHING, READ, WRITE } stage_t;

struct balrog_release {
    char *path, *product;  //  ours
    json_t *blob, *when;   //  ours; when may be NULL
    stage_t stage;
    int changes;  //  by others meanwhile
};

balrog_release_t *
balrog_release_new (const char *path, const char *product, json_t *blob, json_t *when)
{
    balrog_release_t *self = ALLOCATE (balrog_release_t);
    self->path = allocate_copy (path);
    self->product = allocate_copy (product);
    self->blob = blob;
    self->when = when;
    return self;
}

static void
balrog_release_drop (void *play)
{
    balrog_release_t *self = play;
    free (self->path);
    free (self->product);
    json_decref (self->blob);
    json_decref (self->when);
    free (self);
}

//  ---- requests

static script_turn_t
ask_read (balrog_release_t *self, request_t *request)
{
    self->stage = READ;
    request->method = "GET";
    request->path = allocate_copy (self->path);
    return SCRIPT_ASKS;
}

//  PUT replaces the whole blob, under the versions that it was read with. Takes the blob.
static script_turn_t
ask_write (balrog_release_t *self, request_t *request, json_t *blob, const json_t *versions)
{
    self->stage = WRITE;
    request->method = "PUT";
    request->path = allocate_copy (self->path);
    request->body = json_pack ("{s:o, s:O*, s:O*}", "blob", blob, "old_data_versions", versions,
                               "when", self->when);
    if (*self->product)
        json_object_set_new (request->body, "product", json_string (self->product));
    return SCRIPT_ASKS;
}

//  ---- ends

//  versions: those that there are now; after a scheduled change, what is scheduled.
static script_turn_t
end_well (bool is_changed, const json_t *versions, ending_t *end)
{
    json_t *result = json_pack ("{s:b, s:O*}", "changed", is_changed, "data_versions", versions);
    char *text = json_dumps (result, JSON_COMPACT);
    ending_keep_result (end, text, strlen (text), RESULT_BYTES);
    free (text);
    json_decref (result);
    return SCRIPT_ENDS;
}

static script_turn_t
begin_anew (balrog_release_t *self, request_t *request, ending_t *end)
{
    if (++self->changes <= CHANGES_MOST)
        return ask_read (self, request);
    ending_retry (end, "the release was changed by others %d times while it was to be written",
                  CHANGES_MOST);
    return SCRIPT_ENDS;
}

//  Beside `detail`, one word for all errors of a kind, Balrog has `exception`: what it is about.
static const char *
exception_of (const answer_t *answer)
{
    const char *exception = json_string_value (json_object_get (answer->body, "exception"));
    return exception ? exception : "";
}

//  A 400 says in `detail` what it means.
static script_turn_t
after_bad_request (balrog_release_t *self, const answer_t *answer, request_t *request,
                   ending_t *end)
{
    const char *detail = answer_words (answer);
    const char *exception = exception_of (answer);
    const char *colon = *exception ? ": " : "";
    if (strcmp (detail, "OutdatedDataError") == 0)
        return begin_anew (self, request, end);
    if (strcmp (detail, "Signoff Required") == 0)
        ending_fail (end, "Signoff Required: a person has to sign off this change%s%.300s", colon,
                     exception);
    else
        ending_fail (end, "answered 400: %.200s%s%.300s", detail, colon, exception);
    return SCRIPT_ENDS;
}

//  ---- answers

static script_turn_t
merge_into (balrog_release_t *self, const answer_t *answer, request_t *request, ending_t *end)
{
    const json_t *blob = json_object_get (answer->body, "blob");
    const json_t *versions = json_object_get (answer->body, "data_versions");
    if (!json_is_object (blob) || !json_is_object (versions)) {
        ending_retry (end, "answered 200 without a release: look at the url of this server");
        return SCRIPT_ENDS;
    }
    json_t *merged = json_merged (blob, self->blob);
    if (!json_equal (merged, blob))
        return ask_write (self, request, merged, versions);
    json_decref (merged);
    return end_well (false, versions, end);
}

static script_turn_t
after_read (balrog_release_t *self, const answer_t *answer, request_t *request, ending_t *end)
{
    if (answer->status == HTTP_OK)
        return merge_into (self, answer, request, end);
    if (answer->status != HTTP_NOT_FOUND)
        answer_judge (answer, end);
    else if (*self->product)
        return ask_write (self, request, json_merged (NULL, self->blob), NULL);
    else
        ending_fail (end, "there is no such release: to make one, say its product in "
                          "action.product");
    return SCRIPT_ENDS;
}

static script_turn_t
after_write (balrog_release_t *self, const answer_t *answer, request_t *request, ending_t *end)
{
    if (answer->status == HTTP_OK)
        return end_well (true, answer->body, end);
    if (answer->status == HTTP_BAD_REQUEST)
        return after_bad_request (self, answer, request, end);
    answer_judge (answer, end);
    return SCRIPT_ENDS;
}

static script_turn_t
balrog_release_next (void *play, const answer_t *answer, request_t *request, ending_t *end)
{
    balrog_release_t *self = play;
    switch (self->stage) {
        case NOTHING: break;
        case READ: return after_read (self, answer, request, end);
        case WRITE: return after_write (self, answer, request, end);
    }
    return ask_read (self, request);
}

const script_t balrog_release_script = {.next = balrog_release_next, .drop = balrog_release_drop};
