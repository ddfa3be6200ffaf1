#include "tests/sim/luggage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/owned.h"
#include "proto/model/owned_json.h"
#include "tests/sim/state.h"
#include "tests/sim/words.h"

enum { REVISIONS = 12, ATTEMPTS_LEAST = 40 };

void
bring (world_t *self, int which, const char *words)
{
    self->brought [which] = words;
}

//  Each revision has its own policy; what it matches stays.
static char *
document (int which, const char *said, int64_t revision, bool keep)
{
    char id [8], words [200];
    snprintf (id, sizeof id, "V%d", which);
    long long attempts = ATTEMPTS_LEAST + revision;
    snprintf (words, sizeof words, "%s attempts=%lld", said, attempts);
    OWNED (json) json_t *made = words_document (id, words, 0);
    json_object_set_new (made, "revision", json_integer (revision));
    if (keep)
        json_object_set_new (made, "keep", json_true ());
    return json_dumps (made, JSON_COMPACT);
}

void
luggage_pack (luggage_t *self, world_t *world)
{
    *self = (luggage_t){.count = 0};
    for (int i = 0; i < LUGGAGE_MOST; i++) {
        if (!world->brought [i] || world_number (world, 2) == 0)
            continue;
        int64_t revision = 1 + world_number (world, REVISIONS);
        bool keep = world_number (world, 8) == 0;
        self->documents [self->count++] = document (i, world->brought [i], revision, keep);
    }
}

void
luggage_clear (luggage_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free (self->documents [i]);
    self->count = 0;
}
