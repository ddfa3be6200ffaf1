/*  calls_tokens – the methods token.*: who may come in. */
#include <string.h>

#include "broker/call.h"
#include "broker/credentials.h"
#include "proto/model/moment.h"

enum { SCOPES_SIZE = 128 };

static void
verify_found (call_t *self, query_t *query)
{
    if (query->has_token) {
        call_reply (self,
                    json_pack ("{s:s, s:s}", "id", query->token.id, "scopes", query->token.scopes));
        return;
    }
    problem_t problem = {0};
    problem_set (&problem, STATUS_UNAUTHENTICATED, "this token is not known here");
    call_fail (self, &problem);
}

void
call_token_verify (call_t *self)
{
    const char *hash;
    problem_t problem = {0};
    if (call_text (self, "hash", &hash, &problem) == STATUS_OK)
        call_ask (self, QUERY_TOKEN, hash, verify_found);
    else
        call_fail (self, &problem);
}

//  The scopes asked for, separated by blanks.
static status_t
read_scopes (const call_t *self, char text [SCOPES_SIZE], problem_t *problem)
{
    const json_t *scopes = json_object_get (self->args, "scopes");
    size_t index;
    json_t *scope;
    *text = 0;
    if (json_array_size (scopes) == 0)
        return problem_at (problem, STATUS_BAD_PARAMETER, "scopes",
                           "scopes: a list is needed, of some of %s", credential_scopes_known ());
    json_array_foreach (scopes, index, scope)
    {
        const char *word = json_is_string (scope) ? json_string_value (scope) : "";
        if (!credential_scope_is_known (word))
            return problem_at (problem, STATUS_BAD_PARAMETER, "scopes",
                               "scopes[%zu]: \"%.40s\" is none; there are %s", index, word,
                               credential_scopes_known ());
        if (strlen (text) + strlen (word) + 2 > SCOPES_SIZE)
            return problem_at (problem, STATUS_BAD_PARAMETER, "scopes", "scopes: name each once");
        strcat (text, *text ? " " : "");
        strcat (text, word);
    }
    return STATUS_OK;
}

static json_t *
show_scopes (const char *text)
{
    json_t *scopes = json_array ();
    for (size_t size; *text; text += size + (text [size] == ' ')) {
        size = strcspn (text, " ");
        json_array_append_new (scopes, json_stringn (text, size));
    }
    return scopes;
}

static status_t
read_name (const call_t *self, const char **name, problem_t *problem)
{
    status_t status = call_text (self, "name", name, problem);
    if (status != STATUS_OK)
        return status;
    size_t most = (size_t)self->edge->limits->name_bytes;
    if (strlen (*name) == 0 || strlen (*name) > most)
        return problem_at (problem, STATUS_BAD_PARAMETER, "name", "name: 1 to %zu bytes", most);
    return STATUS_OK;
}

void
call_token_create (call_t *self)
{
    const char *name;
    char scopes [SCOPES_SIZE];
    problem_t problem = {0};
    if (read_name (self, &name, &problem) != STATUS_OK ||
        read_scopes (self, scopes, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    credential_t made;
    credential_make (&made);
    token_t token = {.id = made.id,
                     .hash = made.hash,
                     .name = name,
                     .scopes = scopes,
                     .created_ms = edge_now_ms (self->edge)};
    self->prepared = json_pack ("{s:{s:s, s:s, s:o, s:s}}", "data", "id", made.id, "name", name,
                                "scopes", show_scopes (scopes), "token", made.text);
    writer_add_token (self->edge->writer, self->number, &token);
}

static void
list_found (call_t *self, query_t *query)
{
    json_t *list = json_array ();
    for (size_t i = 0; i < query->token_count; i++) {
        const token_t *token = &query->tokens [i];
        char created [MOMENT_SIZE];
        json_array_append_new (list,
                               json_pack ("{s:s, s:s, s:o, s:s}", "id", token->id, "name",
                                          token->name, "scopes", show_scopes (token->scopes),
                                          "created", moment_text (token->created_ms, created)));
    }
    call_reply (self, json_pack ("{s:o}", "data", list));
}

void
call_token_list (call_t *self)
{
    call_ask (self, QUERY_TOKENS, "", list_found);
}

static void
delete_found (call_t *self, query_t *query)
{
    const char *id = json_string_value (json_object_get (self->args, "id"));
    for (size_t i = 0; i < query->token_count; i++) {
        if (strcmp (query->tokens [i].id, id) != 0)
            continue;
        self->prepared = json_pack ("{s:{s:s, s:b}}", "data", "id", id, "deleted", 1);
        writer_add_token (self->edge->writer, self->number, &(token_t){.id = id});
        return;
    }
    problem_t problem = {0};
    problem_set (&problem, STATUS_NOT_FOUND, "there is no token \"%.40s\"", id);
    call_fail (self, &problem);
}

void
call_token_delete (call_t *self)
{
    const char *id;
    problem_t problem = {0};
    if (call_text (self, "id", &id, &problem) == STATUS_OK)
        call_ask (self, QUERY_TOKENS, "", delete_found);
    else
        call_fail (self, &problem);
}
