/*  What came of an event: the others of its tree, by the index on their root. */
#include <string.h>

#include "broker/store/answers.h"
#include "broker/store/sqlite_reader.h"
#include "proto/model/owned.h"

//  The row a statement is at. An index that is damaged may lead to another's.
static status_t
add (reader_t *self, sqlite3_stmt *statement, const char *root, size_t limit_bytes, size_t *bytes,
     page_t *page, problem_t *problem)
{
    event_t fields;
    bool is_there = false;
    if (!event_get (statement, &fields) || strcmp (fields.root, root) != 0)
        return reader_damage (self, problem, "an event that came of %.64s", root);
    status_t status = reader_is_there (self, fields.partition, fields.seq, &is_there, problem);
    if (status != STATUS_OK || !is_there)
        return status;
    OWNED (event) event_t *event = event_new (&fields);
    *bytes += event_size_bytes (event);
    if (page->count == 0 || *bytes <= limit_bytes)
        page_add (page, TAKE (event));
    return status;
}

static status_t
list (reader_t *self, const char *root, size_t limit, size_t limit_bytes, page_t *page,
      problem_t *problem)
{
    size_t bytes = 0;
    sqlite3_stmt *statement = connection_statement (&self->connection, STATEMENT_LIST_TREE);
    sqlite3_bind_text (statement, 1, root, -1, SQLITE_STATIC);
    status_t status = STATUS_OK;
    int code = SQLITE_ROW;
    while (status == STATUS_OK && page->count < limit && bytes <= limit_bytes &&
           (code = sqlite3_step (statement)) == SQLITE_ROW)
        status = add (self, statement, root, limit_bytes, &bytes, page, problem);
    statement_done (statement);
    return status == STATUS_OK ? reader_code (self, code, "list what came of an event", problem)
                               : status;
}

status_t
reader_list_tree (reader_t *self, const char *root, size_t limit, size_t limit_bytes, page_t **page,
                  problem_t *problem)
{
    OWNED (page) page_t *filled = page_new ();
    status_t status = reader_begin (self, problem);
    if (status == STATUS_OK)
        status = list (self, root, limit, limit_bytes, filled, problem);
    reader_end (self);
    if (status == STATUS_OK)
        *page = TAKE (filled);
    return status;
}
