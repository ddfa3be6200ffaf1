#include "proto/keys/allow_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "proto/model/allocate.h"

#define ENDING ".public"

typedef struct {
    allowed_t allowed;
    UT_hash_handle by_key;
    UT_hash_handle by_number;
} entry_t;

//  The same entries by either.
typedef struct {
    entry_t *keys, *numbers;
} entries_t;

struct allow_list {
    char *directory;  //  ours
    node_key_t own;
    entries_t entries;
    uint64_t last;  //  number given
};

static void
entries_add (entries_t *self, const node_key_t *key, uint64_t number)
{
    entry_t *entry = ALLOCATE (entry_t);
    entry->allowed = (allowed_t){.number = number, .key = *key};
    entry->allowed.key.secret_key [0] = 0;
    HASH_ADD_KEYPTR (by_key, self->keys, entry->allowed.key.public_key, KEY_TEXT_SIZE - 1, entry);
    HASH_ADD_KEYPTR (by_number, self->numbers, &entry->allowed.number, sizeof entry->allowed.number,
                     entry);
}

static void
entries_clear (entries_t *self)
{
    entry_t *entry, *next;
    HASH_ITER (by_key, self->keys, entry, next)
    {
        HASH_DELETE (by_key, self->keys, entry);
        HASH_DELETE (by_number, self->numbers, entry);
        free (entry);
    }
}

static const allowed_t *
entries_find (const entries_t *self, const char *public_key)
{
    entry_t *entry;
    HASH_FIND (by_key, self->keys, public_key, KEY_TEXT_SIZE - 1, entry);
    return entry ? &entry->allowed : NULL;
}

allow_list_t *
allow_list_new (const char *directory, const node_key_t *own)
{
    allow_list_t *self = ALLOCATE (allow_list_t);
    self->directory = allocate_copy (directory);
    self->own = *own;
    entries_add (&self->entries, own, ++self->last);
    return self;
}

void
allow_list_destroy (allow_list_t **self_p)
{
    allow_list_t *self = *self_p;
    if (!self)
        return;
    entries_clear (&self->entries);
    free (self->directory);
    free (self);
    *self_p = NULL;
}

//  One that was there with the same name and role keeps its number.
static uint64_t
number_of (allow_list_t *self, const node_key_t *key)
{
    const allowed_t *before = entries_find (&self->entries, key->public_key);
    bool is_same =
        before && before->key.role == key->role && strcmp (before->key.name, key->name) == 0;
    return is_same ? before->number : ++self->last;
}

static status_t
read_file (allow_list_t *self, entries_t *found, const char *name, problem_t *problem)
{
    char path [PATH_MAX];
    snprintf (path, sizeof path, "%s/%s", self->directory, name);
    node_key_t key;
    status_t status = node_key_read_public (path, &key, problem);
    if (status)
        return status;
    const allowed_t *other = entries_find (found, key.public_key);
    if (other)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s has the same key as %s of this broker: keep one of them", path,
                            other->key.name);
    entries_add (found, &key, number_of (self, &key));
    return STATUS_OK;
}

static int
is_public_file (const struct dirent *entry)
{
    size_t size = strlen (entry->d_name), ending = strlen (ENDING);
    return entry->d_name [0] != '.' && size > ending &&
           strcmp (entry->d_name + size - ending, ENDING) == 0;
}

static void
exchange (allow_list_t *self, entries_t *found, allow_changes_t *changes)
{
    entry_t *entry, *next;
    changes->keys = HASH_CNT (by_key, found->keys) - 1;  //  without the broker's own
    HASH_ITER (by_number, found->numbers, entry, next)
    changes->added += !allow_list_has (self, entry->allowed.number);
    entries_t before = self->entries;
    self->entries = *found;
    HASH_ITER (by_number, before.numbers, entry, next)
    changes->removed += !allow_list_has (self, entry->allowed.number);
    entries_clear (&before);
}

status_t
allow_list_read (allow_list_t *self, allow_changes_t *changes, problem_t *problem)
{
    struct dirent **files;
    int count = scandir (self->directory, &files, is_public_file, alphasort);
    if (count < 0)
        return problem_set (problem, STATUS_SYSTEM, "keys/allowed: %s: %s", self->directory,
                            strerror (errno));
    *changes = (allow_changes_t){0};
    entries_t found = {0};
    entries_add (&found, &self->own, number_of (self, &self->own));
    for (int i = 0; i < count; i++) {
        problem_t fault;
        if (read_file (self, &found, files [i]->d_name, &fault) && changes->faults++ == 0)
            changes->fault = fault;
        free (files [i]);
    }
    free (files);
    exchange (self, &found, changes);
    return STATUS_OK;
}

const allowed_t *
allow_list_find (const allow_list_t *self, const char *public_key)
{
    if (!public_key || strlen (public_key) != KEY_TEXT_SIZE - 1)
        return NULL;
    return entries_find (&self->entries, public_key);
}

const node_key_t *
allow_list_key (const allow_list_t *self, uint64_t number)
{
    entry_t *entry;
    HASH_FIND (by_number, self->entries.numbers, &number, sizeof number, entry);
    return entry ? &entry->allowed.key : NULL;
}

bool
allow_list_has (const allow_list_t *self, uint64_t number)
{
    return allow_list_key (self, number);
}

const char *
allow_list_directory (const allow_list_t *self)
{
    return self->directory;
}
