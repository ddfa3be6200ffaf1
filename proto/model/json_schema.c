#include "proto/model/json_schema.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/template.h"

enum { PATH_SIZE = 160, SHOWN = 40, WORDS_SHOWN = 200 };

//  ---- types

typedef struct {
    const char *name;
    const char *words;
} type_t;

static const type_t types [] = {{"object", "an object"}, {"array", "an array"},
                                {"string", "a string"},  {"integer", "a whole number"},
                                {"number", "a number"},  {"boolean", "true or false"},
                                {"null", "null"}};
enum { TYPES = sizeof types / sizeof *types };

static const type_t *
type_of_name (const char *name)
{
    for (size_t i = 0; name && i < TYPES; i++)
        if (strcmp (types [i].name, name) == 0)
            return &types [i];
    return NULL;
}

//  2.0 is a whole number for JSON Schema.
static bool
is_whole (const json_t *value)
{
    double number = json_number_value (value);
    return json_is_integer (value) || (json_is_real (value) && floor (number) == number);
}

static bool
is_of_type (const json_t *value, const char *name)
{
    switch (*name) {
        case 'o': return json_is_object (value);
        case 'a': return json_is_array (value);
        case 's': return json_is_string (value);
        case 'i': return is_whole (value);
        case 'b': return json_is_boolean (value);
        default: break;
    }
    return strcmp (name, "number") == 0 ? json_is_number (value) : json_is_null (value);
}

//  ---- whether it is a schema

static status_t
check_fault (problem_t *problem, const char *keyword, const char *sentence)
{
    return problem_at (problem, STATUS_BAD_REQUEST, keyword, "schema: %.*s %s", SHOWN, keyword,
                       sentence);
}

static status_t check_node (const json_t *schema, int depth, problem_t *problem);

static status_t
check_properties (const json_t *properties, int depth, problem_t *problem)
{
    if (!json_is_object (properties))
        return check_fault (problem, "properties", "is an object of schemas");
    const char *name;
    json_t *property;
    json_object_foreach ((json_t *)(uintptr_t)properties, name, property)
    {
        status_t status = check_node (property, depth + 1, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static status_t
check_required (const json_t *required, problem_t *problem)
{
    bool is_good = json_is_array (required);
    size_t i;
    json_t *name;
    json_array_foreach (required, i, name)
    {
        is_good = is_good && json_is_string (name);
    }
    return is_good ? STATUS_OK : check_fault (problem, "required", "is an array of names");
}

static bool
is_format (const json_t *value)
{
    const char *name = json_string_value (value);
    return name && (strcmp (name, "template") == 0 || strcmp (name, "template-path") == 0);
}

static status_t
check_keyword (const char *keyword, const json_t *value, int depth, problem_t *problem)
{
    static const char *const passed_over [] = {"title", "description", "default", "$schema"};
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        if (strcmp (keyword, passed_over [i]) == 0)
            return STATUS_OK;
    if (strcmp (keyword, "type") == 0)
        return type_of_name (json_string_value (value))
                   ? STATUS_OK
                   : check_fault (problem, keyword, "is one of the types of JSON");
    if (strcmp (keyword, "properties") == 0)
        return check_properties (value, depth, problem);
    if (strcmp (keyword, "required") == 0)
        return check_required (value, problem);
    if (strcmp (keyword, "enum") == 0)
        return json_array_size (value) > 0
                   ? STATUS_OK
                   : check_fault (problem, keyword, "is an array of values");
    if (strcmp (keyword, "minimum") == 0 || strcmp (keyword, "maximum") == 0)
        return json_is_number (value) ? STATUS_OK : check_fault (problem, keyword, "is a number");
    if (strcmp (keyword, "maxLength") == 0)
        return json_is_integer (value) && json_integer_value (value) >= 0
                   ? STATUS_OK
                   : check_fault (problem, keyword, "is a whole number from 0");
    if (strcmp (keyword, "format") == 0)
        return is_format (value)
                   ? STATUS_OK
                   : check_fault (problem, keyword, "is \"template\" or \"template-path\"");
    if (strcmp (keyword, "additionalProperties") == 0)
        return json_is_boolean (value) ? STATUS_OK
                                       : check_fault (problem, keyword, "is true or false");
    return check_fault (problem, keyword, "is a keyword that is not known here");
}

static status_t
check_node (const json_t *schema, int depth, problem_t *problem)
{
    if (!json_is_object (schema))
        return check_fault (problem, "it", "is an object");
    if (depth > SCHEMA_DEPTH)
        return check_fault (problem, "it", "is nested too deep");
    const char *keyword;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)schema, keyword, value)
    {
        status_t status = check_keyword (keyword, value, depth, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

status_t
json_schema_check (const json_t *schema, problem_t *problem)
{
    return check_node (schema, 1, problem);
}

//  ---- whether a value is what it says

static status_t __attribute__ ((format (printf, 3, 4)))
apply_fault (problem_t *problem, const char *at, const char *format, ...)
{
    char sentence [WORDS_SHOWN + 80];
    va_list values;
    va_start (values, format);
    vsnprintf (sentence, sizeof sentence, format, values);
    va_end (values);
    return problem_at (problem, STATUS_BAD_SUBSCRIPTION, at, "%s: %s", at, sentence);
}

//  What there is to choose from, as many as there is room for.
static void
list_choices (const json_t *choices, char words [WORDS_SHOWN])
{
    static const char more [] = " …";
    size_t used = 0, i;
    json_t *choice;
    words [0] = '\0';
    json_array_foreach (choices, i, choice)
    {
        char *text = json_is_string (choice) ? NULL : json_dumps (choice, JSON_ENCODE_ANY);
        const char *shown = text ? text : json_string_value (choice);
        size_t size = shown ? strnlen (shown, SHOWN) : 0;
        bool has_room = used + size + 2 + sizeof more < WORDS_SHOWN;
        if (has_room)
            used += (size_t)sprintf (words + used, "%s%.*s", i ? ", " : "", (int)size,
                                     shown ? shown : "");
        free (text);
        if (has_room)
            continue;
        strcpy (words + used, more);
        return;
    }
}

static status_t
apply_enum (const json_t *choices, const json_t *value, const char *at, problem_t *problem)
{
    size_t i;
    json_t *choice;
    if (!choices)
        return STATUS_OK;
    json_array_foreach (choices, i, choice)
    {
        if (json_equal (choice, value))
            return STATUS_OK;
    }
    char words [WORDS_SHOWN];
    list_choices (choices, words);
    if (json_is_string (value))
        return apply_fault (problem, at, "\"%.*s\" is none; there are %s", SHOWN,
                            json_string_value (value), words);
    return apply_fault (problem, at, "it is none of %s", words);
}

static status_t
apply_bounds (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    const json_t *least = json_object_get (schema, "minimum");
    const json_t *most = json_object_get (schema, "maximum");
    double number = json_number_value (value);
    if (!json_is_number (value))
        return STATUS_OK;
    if (least && number < json_number_value (least))
        return apply_fault (problem, at, "%g is below %g", number, json_number_value (least));
    if (most && number > json_number_value (most))
        return apply_fault (problem, at, "%g is above %g", number, json_number_value (most));
    return STATUS_OK;
}

static json_int_t
count_characters (const char *text)
{
    json_int_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static status_t
apply_length (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    const json_t *most = json_object_get (schema, "maxLength");
    if (!most || !json_is_string (value))
        return STATUS_OK;
    json_int_t count = count_characters (json_string_value (value));
    if (count > json_integer_value (most))
        return apply_fault (problem, at, "%lld characters are too many; at most %lld",
                            (long long)count, (long long)json_integer_value (most));
    return STATUS_OK;
}

static status_t
apply_required (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    size_t i;
    json_t *name;
    json_array_foreach (json_object_get (schema, "required"), i, name)
    {
        if (json_object_get (value, json_string_value (name)))
            continue;
        char path [PATH_SIZE];
        snprintf (path, sizeof path, "%s.%.*s", at, SHOWN, json_string_value (name));
        return apply_fault (problem, path, "it is missing");
    }
    return STATUS_OK;
}

static status_t
apply_object (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    const json_t *properties = json_object_get (schema, "properties");
    bool is_closed = json_is_false (json_object_get (schema, "additionalProperties"));
    const char *name;
    json_t *member;
    json_object_foreach ((json_t *)(uintptr_t)value, name, member)
    {
        const json_t *property = json_object_get (properties, name);
        char path [PATH_SIZE];
        snprintf (path, sizeof path, "%s.%.*s", at, SHOWN, name);
        if (!property && is_closed)
            return apply_fault (problem, at, "\"%.*s\" is no member of it", SHOWN, name);
        status_t status =
            property ? json_schema_apply (property, member, path, problem) : STATUS_OK;
        if (status)
            return status;
    }
    return apply_required (schema, value, at, problem);
}

//  A path is a string: what is none was refused, or has no template in it.
static status_t
apply_format (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    const char *name = json_string_value (json_object_get (schema, "format"));
    if (!name)
        return STATUS_OK;
    bool is_path = strcmp (name, "template-path") == 0 && json_is_string (value);
    const template_where_t where = {.place = is_path ? TEMPLATE_PATH : TEMPLATE_TEXT, .at = at};
    return is_path ? template_check (json_string_value (value), &where, problem)
                   : template_check_json (value, &where, problem);
}

status_t
json_schema_apply (const json_t *schema, const json_t *value, const char *at, problem_t *problem)
{
    const type_t *type = type_of_name (json_string_value (json_object_get (schema, "type")));
    if (type && !is_of_type (value, type->name))
        return apply_fault (problem, at, "it is %s", type->words);
    status_t status = apply_enum (json_object_get (schema, "enum"), value, at, problem);
    if (!status)
        status = apply_bounds (schema, value, at, problem);
    if (!status)
        status = apply_length (schema, value, at, problem);
    if (!status)
        status = apply_format (schema, value, at, problem);
    if (!status && json_is_object (value))
        status = apply_object (schema, value, at, problem);
    return status;
}
