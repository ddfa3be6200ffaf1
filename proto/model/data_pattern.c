#include "proto/model/data_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/data_pattern_tree.h"
#include "proto/model/owned.h"
#include "proto/model/path.h"

enum { NAME_SHOWN = 40 };

//  What stays the same over the whole reading of one pattern.
typedef struct {
    path_t path;
    const limits_t *limits;
    problem_t *problem;
    int64_t nodes;  //  names and values so far
    int64_t depth;  //  levels below match.data
} reader_t;

static const char *const test_names [] = {
    NULL,  //  DATA_TEST_EQUAL has no name
#define DATA_TEST(kind, name, given) name,
#include "proto/model/data_test.tbl"
};
static const char *const tests_given [] = {
    NULL,
#define DATA_TEST(kind, name, given) given,
#include "proto/model/data_test.tbl"
};
enum { TESTS = sizeof (test_names) / sizeof (*test_names) };

static const char *const compare_names [] = {
    [COMPARE_EQ] = "=",  [COMPARE_NE] = "!=", [COMPARE_LT] = "<",
    [COMPARE_LE] = "<=", [COMPARE_GT] = ">",  [COMPARE_GE] = ">=",
};
enum { COMPARES = sizeof (compare_names) / sizeof (*compare_names) };

//  All tests by name, in a sentence.
static const char tests_known [] = ""
#define DATA_TEST(kind, name, given) " " name
#include "proto/model/data_test.tbl"
    ;

static bool
is_plain (const json_t *value)
{
    return value && !json_is_object (value) && !json_is_array (value);
}

static const char *
first_name (const json_t *object)
{
    void *first = json_object_iter ((json_t *)(uintptr_t)object);
    return first ? json_object_iter_key (first) : "";
}

//  DATA_TEST_EQUAL: there is none.
static data_test_kind_t
test_of_name (const char *name)
{
    for (int i = 1; i < TESTS; i++)
        if (strcmp (name, test_names [i]) == 0)
            return (data_test_kind_t)i;
    return DATA_TEST_EQUAL;
}

//  One more name or value; a hostile pattern costs each event no more than this.
static status_t
count_node (reader_t *reader)
{
    if (++reader->nodes <= reader->limits->match_nodes)
        return STATUS_OK;
    return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                       "%s: match.data has more than %lld names and values; ask for less",
                       reader->path.at, (long long)reader->limits->match_nodes);
}

static bool
read_compare (const json_t *name, compare_t *compare)
{
    for (int i = 0; i < COMPARES; i++)
        if (json_is_string (name) && strcmp (json_string_value (name), compare_names [i]) == 0) {
            *compare = (compare_t)i;
            return true;
        }
    return false;
}

static bool
read_numeric (const json_t *given, data_test_t *test)
{
    size_t size = json_array_size (given);
    if (size != 2 && size != 4)
        return false;
    for (size_t i = 0; i < size; i += 2) {
        const json_t *number = json_array_get (given, i + 1);
        if (!json_is_number (number) ||
            !read_compare (json_array_get (given, i), &test->bounds [i / 2].compare))
            return false;
        test->bounds [i / 2].number = number;
    }
    test->bound_count = (int)(size / 2);
    return true;
}

static bool
is_list_of_plain (const json_t *given)
{
    for (size_t i = 0; i < json_array_size (given); i++)
        if (!is_plain (json_array_get (given, i)))
            return false;
    return json_array_size (given) > 0;
}

//  Whether what is given is of the form the test wants; then the test is filled.
static bool
fill_test (data_test_t *test, data_test_kind_t kind, const json_t *given)
{
    test->kind = kind;
    test->value = given;
    test->exists = json_is_true (given);
    switch (test->kind) {
        case DATA_TEST_EQUAL: return is_plain (given);
        case DATA_TEST_PREFIX:
        case DATA_TEST_SUFFIX: return json_is_string (given);
        case DATA_TEST_EXISTS: return json_is_boolean (given);
        case DATA_TEST_ANYTHING_BUT: return is_plain (given) || is_list_of_plain (given);
        case DATA_TEST_NUMERIC: return read_numeric (given, test);
    }
    return false;
}

static status_t
read_test (reader_t *reader, const json_t *object, data_test_t *test)
{
    const char *name = first_name (object);
    data_test_kind_t kind = test_of_name (name);
    if (kind == DATA_TEST_EQUAL)
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: \"%.*s\" is no test; there are%s", reader->path.at, NAME_SHOWN,
                           name, tests_known);
    if (json_object_size (object) != 1)
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: a test has one member only; list several tests side by side",
                           reader->path.at);
    const json_t *given = json_object_get (object, name);
    for (size_t i = 1; i < json_array_size (given); i++)  //  the first was counted as the test
        if (count_node (reader) != STATUS_OK)
            return STATUS_BAD_MATCH;
    if (!fill_test (test, kind, given))
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: \"%s\" is given %s", reader->path.at, name, tests_given [kind]);
    return STATUS_OK;
}

//  One element of an array: a value to equal, or a test like {"prefix": "x"}.
static status_t
read_accepted (reader_t *reader, const json_t *accepted, data_test_t *test)
{
    if (count_node (reader) != STATUS_OK)
        return STATUS_BAD_MATCH;
    test->accepted = accepted;
    if (json_is_array (accepted))
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: an array in an array; list its values side by side",
                           reader->path.at);
    if (json_is_object (accepted))
        return read_test (reader, accepted, test);
    fill_test (test, DATA_TEST_EQUAL, accepted);
    return STATUS_OK;
}

static status_t
read_tests (reader_t *reader, const json_t *array, data_pattern_t *self)
{
    self->tests = allocate (json_array_size (array), sizeof (*self->tests));
    for (; self->count < json_array_size (array); self->count++) {
        const json_t *accepted = json_array_get (array, self->count);
        size_t before = path_push_index (&reader->path, self->count);
        status_t status = read_accepted (reader, accepted, &self->tests [self->count]);
        path_pop (&reader->path, before);
        if (status != STATUS_OK)
            return status;
    }
    if (self->count == 0)
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: an empty array accepts nothing; list the values that are wanted",
                           reader->path.at);
    return STATUS_OK;
}

//  {"status": {"prefix": "x"}} would ask for a member of status that is called prefix.
static bool
is_test_outside_array (const json_t *object)
{
    data_test_t test = {0};
    const char *name = first_name (object);
    data_test_kind_t kind = test_of_name (name);
    return kind != DATA_TEST_EQUAL && json_object_size (object) == 1 &&
           fill_test (&test, kind, json_object_get (object, name));
}

static status_t read_pattern (reader_t *reader, const json_t *json, data_pattern_t *self);

static status_t
read_member (reader_t *reader, const char *name, const json_t *json, data_pattern_t *self)
{
    data_pattern_t *member = ALLOCATE (data_pattern_t);
    self->names [self->count] = name;
    self->members [self->count++] = member;

    size_t before = path_push_name (&reader->path, name);
    status_t status = count_node (reader);
    if (status == STATUS_OK)
        status = read_pattern (reader, json, member);
    path_pop (&reader->path, before);
    return status;
}

static status_t
read_members (reader_t *reader, const json_t *object, data_pattern_t *self)
{
    if (json_object_size (object) == 0)
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: an empty object asks for nothing; leave it out", reader->path.at);
    if (is_test_outside_array (object))
        return problem_at (reader->problem, STATUS_BAD_MATCH, reader->path.at,
                           "%s: a test stands in an array: [{\"%s\": …}]", reader->path.at,
                           first_name (object));
    self->names = allocate (json_object_size (object), sizeof (*self->names));
    self->members = allocate (json_object_size (object), sizeof (*self->members));
    const char *name;
    json_t *member;
    json_object_foreach ((json_t *)(uintptr_t)object, name, member)
    {
        if (read_member (reader, name, member, self) != STATUS_OK)
            return STATUS_BAD_MATCH;
    }
    return STATUS_OK;
}

static status_t
read_pattern (reader_t *reader, const json_t *json, data_pattern_t *self)
{
    const char *at = reader->path.at;
    if (json_is_array (json))
        return read_tests (reader, json, self);
    if (!json_is_object (json))
        return problem_at (reader->problem, STATUS_BAD_MATCH, at,
                           "%s: the accepted values stand in an array, as in [\"signed\"]", at);
    if (reader->depth == reader->limits->json_depth)
        return problem_at (reader->problem, STATUS_BAD_MATCH, at,
                           "%s: nested deeper than limits/json_depth (%lld)", at,
                           (long long)reader->limits->json_depth);
    reader->depth++;
    status_t status = read_members (reader, json, self);
    reader->depth--;
    return status;
}

data_pattern_t *
data_pattern_new (const json_t *data, const limits_t *limits, problem_t *problem)
{
    reader_t reader = {.path = path_new ("match.data"), .limits = limits, .problem = problem};
    if (!json_is_object (data)) {
        problem_at (problem, STATUS_BAD_MATCH, reader.path.at,
                    "match.data: it is an object in the shape of the data, as in "
                    "{\"new\": {\"status\": [\"signed\"]}}");
        return NULL;
    }
    OWNED (data_pattern) data_pattern_t *self = ALLOCATE (data_pattern_t);
    self->copy = json_deep_copy (data);
    return read_pattern (&reader, self->copy, self) == STATUS_OK ? TAKE (self) : NULL;
}

void
data_pattern_destroy (data_pattern_t **self_p)
{
    data_pattern_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; self->members && i < self->count; i++)
        data_pattern_destroy (&self->members [i]);
    free (self->members);
    free (self->names);
    free (self->tests);
    json_decref (self->copy);
    free (self);
    *self_p = NULL;
}
