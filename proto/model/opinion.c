#include "proto/model/opinion.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned_json.h"
#include "proto/model/utf8.h"

enum { WORD_SHOWN = 40 };

const char *
decision_name (decision_t decision)
{
    return decision == DECISION_DENY ? "deny" : "allow";
}

static bool
is_blank (const char *text)
{
    return text [strspn (text, " \t\r\n")] == 0;
}

static char *
cut (const char *text)
{
    size_t size = 0, left = strlen (text);
    for (;;) {
        size_t character = utf8_character (text + size, left - size);
        if (character == 0 || size + character > OPINION_REASON_MOST)
            break;
        size += character;
    }
    char *copy = allocate (size + 1, 1);
    memcpy (copy, text, size);
    return copy;
}

static status_t
read_decision (const json_t *json, decision_t *decision, problem_t *problem)
{
    const char *word = json_string_value (json_object_get (json, "decision"));
    if (!word)
        return problem_at (problem, STATUS_BAD_REQUEST, "decision",
                           "the answer has no decision, which is \"allow\" or \"deny\"");
    bool is_denied = strcmp (word, "deny") == 0;
    if (!is_denied && strcmp (word, "allow") != 0)
        return problem_at (problem, STATUS_BAD_REQUEST, "decision",
                           "the answer's decision is \"%.*s\"; there are \"allow\" and \"deny\"",
                           WORD_SHOWN, word);
    *decision = is_denied ? DECISION_DENY : DECISION_ALLOW;
    return STATUS_OK;
}

//  A member that is missing or null says nothing; one of another kind makes the answer none.
static status_t
read_member (const json_t *json, const char *name, json_type type, json_t **member,
             problem_t *problem)
{
    json_t *found = json_object_get (json, name);
    if (!found || json_is_null (found))
        return STATUS_OK;
    if (json_typeof (found) != type)
        return problem_at (problem, STATUS_BAD_REQUEST, name, "the answer's %s is no %s", name,
                           type == JSON_STRING ? "string" : "object");
    *member = found;
    return STATUS_OK;
}

status_t
opinion_read (opinion_t *self, const char *result, problem_t *problem)
{
    if (is_blank (result)) {
        *self = (opinion_t){.decision = DECISION_ALLOW};
        return STATUS_OK;
    }
    json_error_t error;
    OWNED (json) json_t *json = json_loads (result, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object (json))
        return problem_set (problem, STATUS_BAD_REQUEST,
                            "the answer is no JSON object with a decision");
    opinion_t read = {0};
    json_t *reason = NULL, *object = NULL;
    status_t status = read_decision (json, &read.decision, problem);
    if (status == STATUS_OK)
        status = read_member (json, "reason", JSON_STRING, &reason, problem);
    if (status == STATUS_OK)
        status = read_member (json, "object", JSON_OBJECT, &object, problem);
    if (status != STATUS_OK)
        return status;
    if (reason && json_string_length (reason) > 0)
        read.reason = cut (json_string_value (reason));
    read.object = json_incref (object);
    *self = read;
    return STATUS_OK;
}

void
opinion_clear (opinion_t *self)
{
    free (self->reason);
    json_decref (self->object);
    *self = (opinion_t){0};
}

/*  What the first patch and then the second do, as one patch. A null stays: it takes a member away.
 *  Where the first takes away an object of which the second sets members, the others of its members
 *  stay: a patch cannot say both.
 */
static json_t *
compose (const json_t *first, const json_t *second)
{
    json_t *both = json_is_object (first) ? json_copy ((json_t *)(uintptr_t)first) : json_object ();
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)second, name, value)
    {
        if (json_is_object (value))
            json_object_set_new (both, name, compose (json_object_get (both, name), value));
        else
            json_object_set (both, name, value);
    }
    return both;
}

void
opinion_join (opinion_t *self, const opinion_t *other)
{
    if (self->decision == DECISION_DENY)
        return;
    if (other->decision == DECISION_DENY) {
        opinion_clear (self);
        self->decision = DECISION_DENY;
        self->reason = other->reason ? allocate_copy (other->reason) : NULL;
        return;
    }
    if (!self->reason && other->reason)
        self->reason = allocate_copy (other->reason);
    if (!other->object)
        return;
    json_t *both = compose (self->object, other->object);
    json_decref (self->object);
    self->object = both;
}
