#include "broker/store/sqlite_row.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "proto/model/assert.h"

/*  SipHash, keyed with the seal so far and the size, so that no two rows of fields run together.
 *  It is for accidents: somebody who can write the file can write its seals too.
 */
static uint64_t
seal_on (uint64_t seal, const void *bytes, size_t size)
{
    uint64_t key [2] = {htole64 (seal), htole64 (size)};
    uint64_t hash;
    _Static_assert(sizeof key == crypto_shorthash_KEYBYTES, "the key is the seal and the size");
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "a seal is an integer column");
    crypto_shorthash ((unsigned char *)&hash, bytes, size, (const unsigned char *)key);
    return le64toh (hash);
}

static uint64_t
seal_int (uint64_t seal, int64_t value)
{
    uint64_t bytes = htole64 ((uint64_t)value);
    return seal_on (seal, &bytes, sizeof bytes);
}

row_t
row_to (sqlite3_stmt *statement, const char *table)
{
    return (row_t){.statement = statement,
                   .index = 1,
                   .seal = seal_on (0, table, strlen (table)),
                   .is_whole = true};
}

void
row_put_int (row_t *self, int64_t value)
{
    int code = sqlite3_bind_int64 (self->statement, self->index++, value);
    ASSERT (code == SQLITE_OK, "the statement has a parameter for each column");
    self->seal = seal_int (self->seal, value);
}

void
row_put_text (row_t *self, const char *text)
{
    size_t size = strlen (text);
    int code = sqlite3_bind_text64 (self->statement, self->index++, text, size, SQLITE_STATIC,
                                    SQLITE_UTF8);
    ASSERT (code == SQLITE_OK, "sizes are checked against limits.tbl long before");
    self->seal = seal_on (self->seal, text, size);
}

void
row_put_blob (row_t *self, const void *bytes, size_t size)
{
    //  A NULL pointer would be an SQL NULL.
    const void *start = size ? bytes : "";
    int code = sqlite3_bind_blob64 (self->statement, self->index++, start, size, SQLITE_STATIC);
    ASSERT (code == SQLITE_OK, "sizes are checked against limits.tbl long before");
    self->seal = seal_on (self->seal, start, size);
}

void
row_put_seal (row_t *self)
{
    int code = sqlite3_bind_int64 (self->statement, self->index++, (int64_t)self->seal);
    ASSERT (code == SQLITE_OK, "the statement has a parameter for each column");
}

row_t
row_from (sqlite3_stmt *statement, const char *table)
{
    row_t self = row_to (statement, table);
    self.index = 0;
    return self;
}

int64_t
row_int (row_t *self)
{
    int64_t value = sqlite3_column_int64 (self->statement, self->index++);
    self->seal = seal_int (self->seal, value);
    return value;
}

const char *
row_text (row_t *self)
{
    const char *text = (const char *)sqlite3_column_text (self->statement, self->index);
    size_t size = (size_t)sqlite3_column_bytes (self->statement, self->index++);
    if (!text) {
        self->is_whole = false;
        return "";
    }
    self->seal = seal_on (self->seal, text, size);
    return text;
}

const void *
row_blob (row_t *self, size_t *size)
{
    const void *bytes = sqlite3_column_blob (self->statement, self->index);
    *size = (size_t)sqlite3_column_bytes (self->statement, self->index++);
    if (!bytes)
        *size = 0;
    self->seal = seal_on (self->seal, *size ? bytes : "", *size);
    return bytes;
}

bool
row_is_sealed (row_t *self)
{
    int64_t seal = sqlite3_column_int64 (self->statement, self->index++);
    return self->is_whole && seal == (int64_t)self->seal;
}
