#include "worker/kinto/kinto_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_NOT_FOUND = 404,
    HTTP_CHANGED = 412,
    CHANGES_MOST = 50,  //  by others, before an attempt gives up: each of them got on meanwhile
    ETAG_SIZE = 32,
    RESULT_BYTES = 4096
};

//  What was asked last.
typedef enum { NOTHING, READ, WRITE } stage_t;

struct kinto_write {
    kinto_mode_t mode;
    char *uri, *cause;  //  ours
    json_t *object;     //  ours
    stage_t stage;
    int changes;  //  by others meanwhile
};

kinto_write_t *
kinto_write_new (kinto_mode_t mode, const char *uri, json_t *object, const char *cause)
{
    kinto_write_t *self = ALLOCATE (kinto_write_t);
    self->mode = mode;
    self->uri = allocate_copy (uri);
    self->cause = allocate_copy (cause);
    self->object = object;
    return self;
}

static void
kinto_write_drop (void *play)
{
    kinto_write_t *self = play;
    free (self->uri);
    free (self->cause);
    json_decref (self->object);
    free (self);
}

//  ---- requests

static script_turn_t
ask_read (kinto_write_t *self, request_t *request)
{
    self->stage = READ;
    request->method = "GET";
    request->path = allocate_copy (self->uri);
    return SCRIPT_ASKS;
}

//  name, value: the condition; NULL: there is none. Takes the object.
static script_turn_t
ask_write (kinto_write_t *self, request_t *request, const char *name, const char *value,
           json_t *object)
{
    self->stage = WRITE;
    request->method = "PUT";
    request->path = allocate_copy (self->uri);
    request->headers = json_pack ("{s:s}", "X-Tocsin-Causation", self->cause);
    ASSERT (request->headers, "a cause is made of ids, which are ASCII");
    if (name)
        json_object_set_new (request->headers, name, json_string (value));
    request->body = json_pack ("{s:o}", "data", object);
    return SCRIPT_ASKS;
}

//  null is a value like any other, but in a merge, where it takes away what is not there.
static json_t *
whole_object (const kinto_write_t *self)
{
    return self->mode == KINTO_MERGE ? json_merged (NULL, self->object)
                                     : json_incref (self->object);
}

static script_turn_t
ask_create (kinto_write_t *self, request_t *request)
{
    return ask_write (self, request, "If-None-Match", "*", whole_object (self));
}

//  ---- ends

static script_turn_t
end_well (const kinto_write_t *self, const json_t *data, bool is_changed, ending_t *end)
{
    json_t *result = json_pack ("{s:s, s:b, s:O*}", "uri", self->uri, "changed", is_changed,
                                "last_modified", json_object_get (data, "last_modified"));
    char *text = json_dumps (result, JSON_COMPACT);
    ending_keep_result (end, text, strlen (text), RESULT_BYTES);
    free (text);
    json_decref (result);
    return SCRIPT_ENDS;
}

static script_turn_t
end_as_answered (const answer_t *answer, ending_t *end)
{
    answer_judge (answer, end);
    return SCRIPT_ENDS;
}

//  Somebody was quicker.
static script_turn_t
begin_anew (kinto_write_t *self, request_t *request, ending_t *end)
{
    if (++self->changes <= CHANGES_MOST)
        return ask_read (self, request);
    ending_retry (end, "%s was changed by others %d times while it was to be written", self->uri,
                  CHANGES_MOST);
    return SCRIPT_ENDS;
}

//  ---- answers

//  What we would write is there already: all of our members, whatever else.
static bool
is_written (const kinto_write_t *self, const json_t *data)
{
    json_t *changed =
        self->mode == KINTO_MERGE ? json_merged (data, self->object) : json_deep_copy (data);
    if (self->mode != KINTO_MERGE)
        json_object_update (changed, self->object);
    bool is_same = json_equal (changed, data);
    json_decref (changed);
    return is_same;
}

static script_turn_t
merge_into (kinto_write_t *self, const json_t *data, request_t *request)
{
    char etag [ETAG_SIZE];
    snprintf (etag, sizeof etag, "\"%" JSON_INTEGER_FORMAT "\"",
              json_integer_value (json_object_get (data, "last_modified")));
    json_t *merged = json_merged (data, self->object);
    json_object_del (merged, "last_modified");  //  Kinto's to give
    return ask_write (self, request, "If-Match", etag, merged);
}

static script_turn_t
after_read (kinto_write_t *self, const answer_t *answer, request_t *request, ending_t *end)
{
    const json_t *data = json_object_get (answer->body, "data");
    if (answer->status == HTTP_NOT_FOUND)
        return ask_create (self, request);
    if (answer->status != HTTP_OK)
        return end_as_answered (answer, end);
    if (!json_is_object (data)) {
        ending_retry (end, "answered 200 without an object: look at the url of this server");
        return SCRIPT_ENDS;
    }
    if (is_written (self, data))
        return end_well (self, data, false, end);
    if (self->mode == KINTO_MERGE)
        return merge_into (self, data, request);
    ending_fail (end, "%s is there already, and is another", self->uri);
    return SCRIPT_ENDS;
}

static script_turn_t
after_write (kinto_write_t *self, const answer_t *answer, request_t *request, ending_t *end)
{
    if (answer->status == HTTP_CHANGED)
        return begin_anew (self, request, end);
    if (answer->status != HTTP_OK && answer->status != HTTP_CREATED)
        return end_as_answered (answer, end);
    return end_well (self, json_object_get (answer->body, "data"), true, end);
}

static script_turn_t
begin (kinto_write_t *self, request_t *request)
{
    switch (self->mode) {
        case KINTO_CREATE: return ask_create (self, request);
        case KINTO_REPLACE: return ask_write (self, request, NULL, NULL, whole_object (self));
        case KINTO_MERGE: break;
    }
    return ask_read (self, request);
}

static script_turn_t
kinto_write_next (void *play, const answer_t *answer, request_t *request, ending_t *end)
{
    kinto_write_t *self = play;
    switch (self->stage) {
        case NOTHING: break;
        case READ: return after_read (self, answer, request, end);
        case WRITE: return after_write (self, answer, request, end);
    }
    return begin (self, request);
}

const script_t kinto_write_script = {.next = kinto_write_next, .drop = kinto_write_drop};
