/*  json_schema – what a JSON value may be, in a small part of JSON Schema.
 *
 *  There are type (one word), properties, required, additionalProperties (true or false), enum,
 *  minimum, maximum, maxLength and format, which is "template": the strings in it, however deep, are
 *  templates (template.h), or "template-path": it is one for a part of a URL's path; title, description and default say something to people and are
 *  passed over. Any other keyword makes it no schema of ours: what it asks for would not be checked.
 *  Both functions end for any input, after as many steps as schema and value have parts.
 */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <jansson.h>

#include "proto/model/status.h"

enum { SCHEMA_DEPTH = 8 };  //  schemas in schemas

//  Whether it is one: BAD_REQUEST and a sentence.
status_t json_schema_check (const json_t *schema, problem_t *problem);

/*  Whether a value is what a schema says; the schema has been checked. at: what the value is called:
 *  "action". BAD_SUBSCRIPTION, a sentence, and the place as the problem's name.
 */
status_t json_schema_apply (const json_t *schema, const json_t *value, const char *at,
                            problem_t *problem);

#endif
