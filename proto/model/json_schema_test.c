#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/json_schema.h"
#include "proto/model/owned_json.h"

static const char paint [] =
    "{\"type\": \"object\", \"required\": [\"name\", \"colour\"], \"additionalProperties\": false,"
    " \"properties\": {"
    "  \"name\": {\"enum\": [\"paint\"]},"
    "  \"colour\": {\"type\": \"string\", \"enum\": [\"red\", \"blue\"]},"
    "  \"coats\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 3},"
    "  \"note\": {\"type\": \"string\", \"maxLength\": 3, \"description\": \"for the painter\"},"
    "  \"wet\": {\"type\": \"boolean\"},"
    "  \"share\": {\"type\": \"number\"},"
    "  \"rooms\": {\"type\": \"array\"},"
    "  \"sign\": {\"format\": \"template\"},"
    "  \"door\": {\"type\": \"string\", \"format\": \"template-path\"},"
    "  \"where\": {\"type\": \"object\", \"properties\": {\"floor\": {\"type\": \"integer\"}}}}}";

static void
expect (const char *text, const char *name, const char *sentence)
{
    OWNED (json) json_t *schema = json_loads (paint, 0, NULL);
    OWNED (json) json_t *value = json_loads (text, JSON_DECODE_ANY, NULL);
    assert_non_null (schema);
    assert_non_null (value);
    problem_t problem = {0};
    assert_int_equal (json_schema_check (schema, &problem), STATUS_OK);
    status_t status = json_schema_apply (schema, value, "action", &problem);
    assert_string_equal (problem.text, sentence);
    assert_string_equal (problem.name, name);
    assert_int_equal (status, *sentence ? STATUS_BAD_SUBSCRIPTION : STATUS_OK);
}

static void
what_fits_is_taken (void **state)
{
    (void)state;
    expect ("{\"name\": \"paint\", \"colour\": \"red\"}", "", "");
    expect (
        "{\"name\": \"paint\", \"colour\": \"blue\", \"coats\": 3, \"note\": \"h\xc3\xa9y\","
        " \"wet\": true, \"share\": 0.5, \"rooms\": [1], \"sign\": {\"x\": [\"{id}\"]}, \"door\": \"/{+subject}\", \"where\": {\"floor\": 2.0, \"x\": 1}}",
        "", "");
}

static void
what_does_not_is_refused_with_its_place (void **state)
{
    (void)state;
    expect ("7", "action", "action: it is an object");
    expect (
        "{\"name\": \"paint\", \"colour\": \"red\", \"door\": \"{+titel}\"}", "action.door",
        "action.door: at byte 0: \"titel\" is nothing an event has; there are id, source, type, subject, key, time, phase, content_type, partition, seq, causation, root, via, hops, subscription, or a place in the data as in {/new/title}");
    expect ("{\"name\": \"paint\"}", "action.colour", "action.colour: it is missing");
    expect ("{\"name\": \"paint\", \"colour\": \"green\"}", "action.colour",
            "action.colour: \"green\" is none; there are red, blue");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"sign\": {\"x\": [\"{\"]}}",
            "action.sign.x[0]",
            "action.sign.x[0]: at byte 0: a { without its }; for the character itself write {{");
    expect ("{\"name\": \"paint\", \"colour\": 1}", "action.colour",
            "action.colour: it is a string");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"coats\": 0}", "action.coats",
            "action.coats: 0 is below 1");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"coats\": 4}", "action.coats",
            "action.coats: 4 is above 3");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"coats\": 1.5}", "action.coats",
            "action.coats: it is a whole number");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"note\": \"long\"}", "action.note",
            "action.note: 4 characters are too many; at most 3");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"brush\": 1}", "action",
            "action: \"brush\" is no member of it");
    expect ("{\"name\": \"paint\", \"colour\": \"red\", \"where\": {\"floor\": \"up\"}}",
            "action.where.floor", "action.where.floor: it is a whole number");
}

static void
refuse_schema (const char *text, const char *sentence)
{
    OWNED (json) json_t *schema = json_loads (text, JSON_DECODE_ANY, NULL);
    problem_t problem = {0};
    assert_int_equal (json_schema_check (schema, &problem), STATUS_BAD_REQUEST);
    assert_string_equal (problem.text, sentence);
}

//  What it asks for would not be checked, and nobody would know.
static void
a_keyword_that_is_not_known_makes_it_no_schema (void **state)
{
    (void)state;
    refuse_schema ("{\"pattern\": \"a\"}", "schema: pattern is a keyword that is not known here");
    refuse_schema ("{\"properties\": {\"a\": {\"oneOf\": []}}}",
                   "schema: oneOf is a keyword that is not known here");
    refuse_schema ("[]", "schema: it is an object");
    refuse_schema ("{\"type\": [\"string\"]}", "schema: type is one of the types of JSON");
    refuse_schema ("{\"type\": \"text\"}", "schema: type is one of the types of JSON");
    refuse_schema ("{\"enum\": []}", "schema: enum is an array of values");
    refuse_schema ("{\"required\": [1]}", "schema: required is an array of names");
    refuse_schema ("{\"properties\": []}", "schema: properties is an object of schemas");
    refuse_schema ("{\"minimum\": \"1\"}", "schema: minimum is a number");
    refuse_schema ("{\"maxLength\": -1}", "schema: maxLength is a whole number from 0");
    refuse_schema ("{\"additionalProperties\": {}}",
                   "schema: additionalProperties is true or false");
}

static void
a_schema_is_as_deep_as_it_may_be (void **state)
{
    (void)state;
    char text [4000] = "";
    for (int i = 0; i < SCHEMA_DEPTH; i++)
        strcat (text, "{\"properties\": {\"a\": ");
    strcat (text, "{}");
    for (int i = 0; i < SCHEMA_DEPTH; i++)
        strcat (text, "}}");
    refuse_schema (text, "schema: it is nested too deep");
}

static void
many_choices_are_cut (void **state)
{
    (void)state;
    OWNED (json) json_t *schema = json_object ();
    json_t *choices = json_array ();
    for (int i = 0; i < 100; i++)
        json_array_append_new (choices, json_sprintf ("program-%d", i));
    json_object_set_new (schema, "enum", choices);
    OWNED (json) json_t *value = json_string ("none");
    problem_t problem = {0};
    assert_int_equal (json_schema_apply (schema, value, "a", &problem), STATUS_BAD_SUBSCRIPTION);
    assert_non_null (strstr (problem.text, "program-1, "));
    assert_non_null (strstr (problem.text, " …"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_fits_is_taken),
        cmocka_unit_test (what_does_not_is_refused_with_its_place),
        cmocka_unit_test (a_keyword_that_is_not_known_makes_it_no_schema),
        cmocka_unit_test (a_schema_is_as_deep_as_it_may_be),
        cmocka_unit_test (many_choices_are_cut),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
