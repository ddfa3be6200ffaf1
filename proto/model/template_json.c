/*  template_json – templates in the strings of a JSON document. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/path.h"
#include "proto/model/template_value.h"

static status_t
check_node (const json_t *node, const template_where_t *where, path_t *path, problem_t *problem)
{
    const char *name;
    size_t i, before;
    json_t *child;
    status_t status = STATUS_OK;
    if (json_is_string (node)) {
        const template_where_t here = {TEMPLATE_TEXT, where->has_result, path->at};
        return template_check (json_string_value (node), &here, problem);
    }
    json_object_foreach ((json_t *)(uintptr_t)node, name, child)
    {
        before = path_push_name (path, name);
        status = status ? status : check_node (child, where, path, problem);
        path_pop (path, before);
    }
    json_array_foreach (node, i, child)
    {
        before = path_push_index (path, i);
        status = status ? status : check_node (child, where, path, problem);
        path_pop (path, before);
    }
    return status;
}

status_t
template_check_json (const json_t *document, const template_where_t *where, problem_t *problem)
{
    path_t path = path_new (where->at);
    return check_node (document, where, &path, problem);
}

//  ---- filling

typedef struct {
    template_facts_t *facts;
    size_t left;  //  bytes
    size_t most;
    problem_t *problem;
} filling_t;

static json_t *fill_node (filling_t *self, const json_t *node);

//  Takes what it costs from what is left; NULL when that is too much.
static json_t *
pay (filling_t *self, json_t *value, size_t size)
{
    if (value && size <= self->left) {
        self->left -= size;
        return value;
    }
    json_decref (value);
    problem_set (self->problem, STATUS_TOO_LARGE, "filled, the template is larger than %zu bytes",
                 self->most);
    return NULL;
}

static json_t *
fill_text (filling_t *self, const json_t *node)
{
    size_t size;
    char *text = template_fill (json_string_value (node), TEMPLATE_TEXT, self->facts, self->left,
                                &size, self->problem);
    if (!text)
        return NULL;
    json_t *value = json_stringn (text, size);
    ASSERT (value, "the parts of a template and the values of an event are UTF-8");
    free (text);
    return pay (self, value, size);
}

static json_t *
fill_string (filling_t *self, const json_t *node)
{
    template_piece_t slot;
    if (!template_is_one_slot (json_string_value (node), &slot))
        return fill_text (self, node);
    if (slot.root == ROOT_ATTRIBUTE) {
        int64_t number;
        bool is_number = template_number (&slot, self->facts, &number);
        return is_number ? json_integer (number) : fill_text (self, node);
    }
    const json_t *value = template_find (&slot, self->facts);
    if (!value || json_is_null (value))
        return slot.standard ? fill_text (self, node) : json_null ();
    size_t size = json_dumpb (value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    return pay (self, size <= self->left ? json_deep_copy (value) : NULL, size);
}

static json_t *
fill_object (filling_t *self, const json_t *node)
{
    OWNED (json) json_t *made = json_object ();
    const char *name;
    size_t size;
    json_t *child;
    json_object_keylen_foreach ((json_t *)(uintptr_t)node, name, size, child)
    {
        json_t *value = fill_node (self, child);
        if (!value)
            return NULL;
        json_object_setn_new (made, name, size, value);
    }
    return TAKE (made);
}

static json_t *
fill_array (filling_t *self, const json_t *node)
{
    OWNED (json) json_t *made = json_array ();
    size_t i;
    json_t *child;
    json_array_foreach (node, i, child)
    {
        json_t *value = fill_node (self, child);
        if (!value)
            return NULL;
        json_array_append_new (made, value);
    }
    return TAKE (made);
}

static json_t *
fill_node (filling_t *self, const json_t *node)
{
    switch (json_typeof (node)) {
        case JSON_OBJECT: return fill_object (self, node);
        case JSON_ARRAY: return fill_array (self, node);
        case JSON_STRING: return fill_string (self, node);
        case JSON_INTEGER:
        case JSON_REAL:
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL: break;
    }
    return json_copy ((json_t *)(uintptr_t)node);
}

json_t *
template_fill_json (const json_t *document, template_facts_t *facts, size_t most,
                    problem_t *problem)
{
    filling_t filling = {.facts = facts, .left = most, .most = most, .problem = problem};
    json_t *made = fill_node (&filling, document);
    if (made && json_dumpb (made, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > most) {
        problem_set (problem, STATUS_TOO_LARGE, "filled, the template is larger than %zu bytes",
                     most);
        json_decref (made);
        return NULL;
    }
    return made;
}
