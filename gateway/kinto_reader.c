#include "gateway/kinto_reader.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cause_reader.h"
#include "gateway/event_time.h"
#include "proto/model/allocate.h"
#include "proto/model/event_id.h"
#include "proto/model/path.h"

enum { IMPACTED_FIRST = 16 };

//  `new` or `old` of an impacted object.
typedef struct {
    json_span_t span;       //  verbatim; no `at` when it was not given
    const char *id;         //  NULL when it has none
    int64_t last_modified;  //  ms since 1970; -1 when it has none
} object_t;

struct impacted {
    object_t new, old;
};

//  What is needed of a notification. Strings are NULL where it has none.
typedef struct {
    json_span_t payload;  //  verbatim
    const char *action, *resource, *uri, *bucket, *collection;
    const char *source;
    event_t cause;  //  causation, root and hops
    bool has_impacted;
    size_t count;  //  of impacted objects, which are the reading's
} notification_t;

//  Kinto's resources, and the path that leads to each.
static const struct {
    const char *name, *plural;
    bool is_in_bucket, is_in_collection;
} resources [] = {
    {"record", "/records/", true, true},
    {"group", "/groups/", true, false},
    {"collection", "/collections/", true, false},
    {"bucket", "/buckets/", false, false},
};

//  A string, or null, which says the same as leaving it out.
static status_t
kinto_read_optional (reading_t *self, const char *path, const char **text, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_NULL)
        return reading_text (self, path, text, problem);
    json_span_t null;
    json_scan_skip (&self->scan, &null);
    return json_scan_status (&self->scan, problem);
}

static status_t
kinto_read_payload_member (reading_t *self, json_span_t name, notification_t *notification,
                           problem_t *problem)
{
    if (json_span_is (name, "action"))
        return reading_text (self, "payload.action", &notification->action, problem);
    if (json_span_is (name, "resource_name"))
        return reading_text (self, "payload.resource_name", &notification->resource, problem);
    if (json_span_is (name, "uri"))
        return kinto_read_optional (self, "payload.uri", &notification->uri, problem);
    if (json_span_is (name, "bucket_id"))
        return kinto_read_optional (self, "payload.bucket_id", &notification->bucket, problem);
    if (json_span_is (name, "collection_id"))
        return kinto_read_optional (self, "payload.collection_id", &notification->collection,
                                    problem);
    json_span_t other;
    json_scan_skip (&self->scan, &other);
    return json_scan_status (&self->scan, problem);
}

static status_t
kinto_read_payload (reading_t *self, notification_t *notification, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_OBJECT)
        return reading_wrong_kind (self, "payload", KIND_OBJECT, problem);
    const char *start = self->scan.at;
    json_span_t name;
    json_scan_enter_object (&self->scan);
    while (json_scan_member (&self->scan, &name)) {
        status_t status = kinto_read_payload_member (self, name, notification, problem);
        if (status != STATUS_OK)
            return status;
    }
    notification->payload = (json_span_t){start, (size_t)(self->scan.at - start)};
    return json_scan_status (&self->scan, problem);
}

static status_t
kinto_read_last_modified (reading_t *self, const char *path, object_t *object, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_NUMBER)
        return reading_wrong_kind (self, path, KIND_NUMBER, problem);
    if (json_scan_integer (&self->scan, &object->last_modified) && object->last_modified >= 0)
        return STATUS_OK;
    return problem_at (problem, STATUS_BAD_EVENT, path,
                       "%s: it counts milliseconds since 1970, in a whole number", path);
}

//  `path` is "impacted_objects[3].new".
static status_t
kinto_read_object_member (reading_t *self, json_span_t name, path_t *path, object_t *object,
                          problem_t *problem)
{
    bool is_id = json_span_is (name, "id");
    if (!is_id && !json_span_is (name, "last_modified")) {
        json_span_t other;
        json_scan_skip (&self->scan, &other);
        return json_scan_status (&self->scan, problem);
    }
    size_t before = path_push_name (path, is_id ? "id" : "last_modified");
    status_t status = is_id ? reading_text (self, path->at, &object->id, problem)
                            : kinto_read_last_modified (self, path->at, object, problem);
    path_pop (path, before);
    return status;
}

static status_t
kinto_read_object (reading_t *self, path_t *path, object_t *object, problem_t *problem)
{
    json_kind_t kind = json_scan_kind (&self->scan);
    if (kind == KIND_NULL) {
        json_scan_skip (&self->scan, &object->span);
        return json_scan_status (&self->scan, problem);
    }
    if (kind != KIND_OBJECT)
        return reading_wrong_kind (self, path->at, KIND_OBJECT, problem);
    const char *start = self->scan.at;
    json_span_t name;
    json_scan_enter_object (&self->scan);
    while (json_scan_member (&self->scan, &name)) {
        status_t status = kinto_read_object_member (self, name, path, object, problem);
        if (status != STATUS_OK)
            return status;
    }
    object->span = (json_span_t){start, (size_t)(self->scan.at - start)};
    return json_scan_status (&self->scan, problem);
}

//  `path` is "impacted_objects[3]".
static status_t
kinto_read_impacted (reading_t *self, path_t *path, impacted_t *impacted, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_OBJECT)
        return reading_wrong_kind (self, path->at, KIND_OBJECT, problem);
    json_span_t name;
    json_scan_enter_object (&self->scan);
    while (json_scan_member (&self->scan, &name)) {
        bool is_new = json_span_is (name, "new");
        if (!is_new && !json_span_is (name, "old"))
            return reading_stranger (path->at, name, "new and old", problem);
        size_t before = path_push_name (path, is_new ? "new" : "old");
        status_t status =
            kinto_read_object (self, path, is_new ? &impacted->new : &impacted->old, problem);
        path_pop (path, before);
        if (status != STATUS_OK)
            return status;
    }
    return json_scan_status (&self->scan, problem);
}

static impacted_t *
kinto_next_impacted (reading_t *self, size_t index)
{
    if (index == self->impacted_room) {
        self->impacted_room = index == 0 ? IMPACTED_FIRST : 2 * index;
        self->impacted = allocate_again (self->impacted, self->impacted_room, sizeof (impacted_t));
    }
    self->impacted [index] =
        (impacted_t){.new = {.last_modified = -1}, .old = {.last_modified = -1}};
    return &self->impacted [index];
}

static status_t
kinto_read_all_impacted (reading_t *self, notification_t *notification, problem_t *problem)
{
    if (json_scan_kind (&self->scan) != KIND_ARRAY)
        return reading_wrong_kind (self, "impacted_objects", KIND_ARRAY, problem);
    notification->has_impacted = true;
    path_t path = path_new ("impacted_objects");
    json_scan_enter_array (&self->scan);
    while (json_scan_element (&self->scan)) {
        if ((int64_t)notification->count >= self->limits->events_per_request)
            return event_list_overfull (self->limits, "impacted_objects", problem);
        size_t before = path_push_index (&path, notification->count);
        impacted_t *impacted = kinto_next_impacted (self, notification->count++);
        status_t status = kinto_read_impacted (self, &path, impacted, problem);
        path_pop (&path, before);
        if (status != STATUS_OK)
            return status;
    }
    return json_scan_status (&self->scan, problem);
}

static status_t
kinto_read_member (reading_t *self, json_span_t name, notification_t *notification,
                   problem_t *problem)
{
    if (json_span_is (name, "payload"))
        return kinto_read_payload (self, notification, problem);
    if (json_span_is (name, "impacted_objects"))
        return kinto_read_all_impacted (self, notification, problem);
    if (json_span_is (name, "source"))
        return reading_text (self, "source", &notification->source, problem);
    if (json_span_is (name, "causation"))
        return cause_read_object (self, &notification->cause, problem);
    return reading_stranger (
        "", name, "payload, impacted_objects, source and causation, or data alone", problem);
}

//  What cannot be left out.
static status_t
kinto_check (const notification_t *notification, problem_t *problem)
{
    const char *missing = !notification->payload.at     ? "payload"
                          : !notification->has_impacted ? "impacted_objects"
                          : !notification->action       ? "payload.action"
                          : !notification->resource     ? "payload.resource_name"
                                                        : NULL;
    if (missing)
        return problem_at (problem, STATUS_BAD_EVENT, missing, "%s is missing", missing);
    return STATUS_OK;
}

//  Bytes of a resource's uri that lead to its siblings: all of it, when it is the plural endpoint;
//  otherwise it ends in the id of one of the impacted objects.
static size_t
kinto_parent_bytes (const reading_t *self, const notification_t *notification)
{
    size_t size = strlen (notification->uri);
    while (size > 1 && notification->uri [size - 1] == '/')
        size--;
    const char *slash = memrchr (notification->uri, '/', size);
    if (!slash)
        return size;
    json_span_t last = {slash + 1, (size_t)(notification->uri + size - slash - 1)};
    for (size_t i = 0; i < notification->count; i++) {
        const impacted_t *impacted = &self->impacted [i];
        const char *id = impacted->new.id ? impacted->new.id : impacted->old.id;
        if (id && json_span_is (last, id))
            return (size_t)(slash - notification->uri);
    }
    return size;
}

//  Of a resource that some plug-in of Kinto has brought along: beside or below payload.uri.
static status_t
kinto_subject_of_uri (reading_t *self, const notification_t *notification, const char *id,
                      problem_t *problem)
{
    if (!notification->uri)
        return problem_at (
            problem, STATUS_BAD_EVENT, "payload.uri",
            "payload.uri is missing, and payload has not the ids that would tell it");
    bytes_add (&self->subject, notification->uri, kinto_parent_bytes (self, notification));
    bytes_add_text (&self->subject, "/");
    bytes_add_text (&self->subject, id);
    return STATUS_OK;
}

//  The object's own URI, in self->subject.
static status_t
kinto_subject (reading_t *self, const notification_t *notification, const char *id,
               problem_t *problem)
{
    bytes_clear (&self->subject, self->subject.room);
    for (size_t i = 0; i < sizeof (resources) / sizeof (*resources); i++) {
        if (strcmp (resources [i].name, notification->resource) != 0 ||
            (resources [i].is_in_bucket && !notification->bucket) ||
            (resources [i].is_in_collection && !notification->collection))
            continue;
        if (resources [i].is_in_bucket) {
            bytes_add_text (&self->subject, "/buckets/");
            bytes_add_text (&self->subject, notification->bucket);
        }
        if (resources [i].is_in_collection) {
            bytes_add_text (&self->subject, "/collections/");
            bytes_add_text (&self->subject, notification->collection);
        }
        bytes_add_text (&self->subject, resources [i].plural);
        bytes_add_text (&self->subject, id);
        return STATUS_OK;
    }
    return kinto_subject_of_uri (self, notification, id, problem);
}

static void
kinto_build_member (bytes_t *built, const char *name, json_span_t span)
{
    if (span.at) {
        bytes_add_text (built, name);
        bytes_add (built, span.at, span.size);
    }
}

static void
kinto_build_data (reading_t *self, const notification_t *notification, const impacted_t *impacted)
{
    bytes_clear (&self->built, self->built.room);
    kinto_build_member (&self->built, "{\"payload\":", notification->payload);
    kinto_build_member (&self->built, ",\"new\":", impacted->new.span);
    kinto_build_member (&self->built, ",\"old\":", impacted->old.span);
    bytes_add_text (&self->built, "}");
}

static status_t
kinto_missing (const char *path, const char *member, problem_t *problem)
{
    return problem_at (problem, STATUS_BAD_EVENT, path, "%s: neither new nor old has %s", path,
                       member);
}

static status_t
kinto_make_event (reading_t *self, const notification_t *notification, size_t index,
                  problem_t *problem)
{
    char type [512], time [EVENT_TIME_SIZE], id [EVENT_ID_SIZE];
    path_t path = path_new ("impacted_objects");
    path_push_index (&path, index);
    const impacted_t *impacted = &self->impacted [index];
    const char *name = impacted->new.id ? impacted->new.id : impacted->old.id;
    int64_t modified_ms = impacted->new.last_modified >= 0 ? impacted->new.last_modified
                                                           : impacted->old.last_modified;
    if (!name || name [0] == 0)
        return kinto_missing (path.at, "an id", problem);
    if (strchr (name, '/'))
        return problem_at (problem, STATUS_BAD_EVENT, path.at, "%s: a slash in its id", path.at);
    if (!event_time_text (modified_ms, time))
        return kinto_missing (path.at, "a last_modified, before the year 10000", problem);

    status_t status = kinto_subject (self, notification, name, problem);
    if (status != STATUS_OK)
        return status;
    const char *source = notification->source ? notification->source : "kinto";
    snprintf (type, sizeof (type), "kinto.%s.%s", notification->resource, notification->action);
    event_id_of_kinto (source, self->subject.at, notification->action, modified_ms, id);
    kinto_build_data (self, notification, impacted);
    event_t fields = {
        .id = id,
        .source = source,
        .type = type,
        .subject = self->subject.at,
        .key = self->subject.at,
        .time = time,
        .content_type = "application/json",
        .causation = notification->cause.causation,
        .root = notification->cause.root,
        .hops = notification->cause.hops,
        .data = (const uint8_t *)self->built.at,
        .data_size = self->built.size,
        .phase = PHASE_POST,
        .partition = -1,
    };
    return event_list_add (&self->events, &fields, self->limits, path.at, problem);
}

status_t
kinto_read (reading_t *self, json_span_t name, problem_t *problem)
{
    notification_t notification = {0};
    status_t status;
    do {
        status = kinto_read_member (self, name, &notification, problem);
        if (status != STATUS_OK)
            return status;
    } while (json_scan_member (&self->scan, &name));

    status = json_scan_end (&self->scan, problem);
    if (status == STATUS_OK)
        status = kinto_check (&notification, problem);
    if (status == STATUS_OK)
        status = cause_complete ("causation.", &notification.cause, problem);
    for (size_t i = 0; i < notification.count && status == STATUS_OK; i++)
        status = kinto_make_event (self, &notification, i, problem);
    return status;
}
