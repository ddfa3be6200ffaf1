#include "worker/feed/places.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"

enum { VERSION = 1, PARTITIONS_MOST = 4096 };

//  A subscription, and its seqs.
typedef struct place {
    char *subscription;  //  ours
    int64_t created_ms;
    int64_t *seqs;  //  by partition; -1: none
    size_t count;
    UT_hash_handle hh;
} place_t;

struct places {
    place_t *all;
    uint64_t changes;
};

places_t *
places_new (void)
{
    return ALLOCATE (places_t);
}

static void
places_drop (places_t *self, place_t *place)
{
    HASH_DEL (self->all, place);
    free (place->subscription);
    free (place->seqs);
    free (place);
}

static void
places_clear (places_t *self)
{
    place_t *place, *next;
    HASH_ITER (hh, self->all, place, next)
    places_drop (self, place);
}

void
places_destroy (places_t **self_p)
{
    places_t *self = *self_p;
    if (!self)
        return;
    places_clear (self);
    free (self);
    *self_p = NULL;
}

static place_t *
places_at (const places_t *self, const char *subscription)
{
    place_t *place;
    HASH_FIND_STR (self->all, subscription, place);
    return place;
}

bool
places_find (const places_t *self, const char *subscription, int64_t created_ms, int32_t partition,
             int64_t *seq)
{
    const place_t *place = places_at (self, subscription);
    if (!place || place->created_ms != created_ms || partition < 0 ||
        (size_t)partition >= place->count || place->seqs [partition] < 0)
        return false;
    *seq = place->seqs [partition];
    return true;
}

static void
place_widen (place_t *place, size_t count)
{
    if (count <= place->count)
        return;
    place->seqs = allocate_again (place->seqs, count, sizeof *place->seqs);
    while (place->count < count)
        place->seqs [place->count++] = -1;
}

void
places_put (places_t *self, const char *subscription, int64_t created_ms, int32_t partition,
            int64_t seq)
{
    ASSERT (partition >= 0 && partition < PARTITIONS_MOST, "whoever decodes bounds partitions");
    place_t *place = places_at (self, subscription);
    if (place && place->created_ms != created_ms) {
        places_drop (self, place);
        place = NULL;
    }
    if (!place) {
        place = ALLOCATE (place_t);
        place->subscription = allocate_copy (subscription);
        place->created_ms = created_ms;
        HASH_ADD_KEYPTR (hh, self->all, place->subscription, strlen (subscription), place);
    }
    place_widen (place, (size_t)partition + 1);
    if (place->seqs [partition] == seq)
        return;
    place->seqs [partition] = seq;
    self->changes++;
}

void
places_forget (places_t *self, const char *subscription)
{
    place_t *place = places_at (self, subscription);
    if (!place)
        return;
    places_drop (self, place);
    self->changes++;
}

uint64_t
places_changes (const places_t *self)
{
    return self->changes;
}

//  ---- as text

static json_t *
place_show (const place_t *place)
{
    json_t *seqs = json_array ();
    for (size_t i = 0; i < place->count; i++)
        json_array_append_new (seqs, json_integer (place->seqs [i]));
    return json_pack ("{s:s, s:I, s:o}", "subscription", place->subscription, "created",
                      (json_int_t)place->created_ms, "seqs", seqs);
}

char *
places_text (const places_t *self)
{
    json_t *feeds = json_array ();
    for (const place_t *place = self->all; place; place = place->hh.next)
        json_array_append_new (feeds, place_show (place));
    OWNED (json) json_t *json = json_pack ("{s:i, s:o}", "version", VERSION, "feeds", feeds);
    char *text = json_dumps (json, JSON_INDENT (1));
    ASSERT (text, "names of subscriptions are UTF-8");
    return text;
}

static bool
place_read (places_t *self, const json_t *json)
{
    const char *subscription = json_string_value (json_object_get (json, "subscription"));
    const json_t *created = json_object_get (json, "created");
    const json_t *seqs = json_object_get (json, "seqs");
    if (!subscription || !json_is_integer (created) || !json_is_array (seqs) ||
        json_array_size (seqs) > PARTITIONS_MOST)
        return false;
    for (size_t i = 0; i < json_array_size (seqs); i++) {
        const json_t *seq = json_array_get (seqs, i);
        if (!json_is_integer (seq))
            return false;
        if (json_integer_value (seq) >= 0)
            places_put (self, subscription, json_integer_value (created), (int32_t)i,
                        json_integer_value (seq));
    }
    return true;
}

status_t
places_read (places_t *self, const char *text, size_t size, problem_t *problem)
{
    json_error_t error;
    OWNED (json) json_t *json = json_loadb (text, size, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        return problem_set (problem, STATUS_BAD_SETTING, "line %d: %s", error.line, error.text);
    if (json_integer_value (json_object_get (json, "version")) != VERSION)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "it is of another version of tocsin than this one, which reads %d",
                            VERSION);
    const json_t *feeds = json_object_get (json, "feeds");
    bool is_good = json_is_array (feeds);
    for (size_t i = 0; is_good && i < json_array_size (feeds); i++)
        is_good = place_read (self, json_array_get (feeds, i));
    if (!is_good) {
        places_clear (self);
        return problem_set (problem, STATUS_BAD_SETTING, "it does not say how far feeds have come");
    }
    return STATUS_OK;
}
