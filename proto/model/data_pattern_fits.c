#include <string.h>

#include "proto/model/data_pattern_tree.h"

//  Less than, equal to or greater than 0; whole numbers exactly, others as doubles.
static int
compare_numbers (const json_t *a, const json_t *b)
{
    if (json_is_integer (a) && json_is_integer (b)) {
        json_int_t left = json_integer_value (a), right = json_integer_value (b);
        return (left > right) - (left < right);
    }
    double left = json_number_value (a), right = json_number_value (b);
    return (left > right) - (left < right);
}

static bool
equals (const json_t *wanted, const json_t *value)
{
    if (json_is_number (wanted) && json_is_number (value))
        return compare_numbers (wanted, value) == 0;
    return json_equal (wanted, value);
}

static bool
begins_with (const json_t *start, const json_t *value)
{
    return json_is_string (value) && json_string_length (value) >= json_string_length (start) &&
           memcmp (json_string_value (value), json_string_value (start),
                   json_string_length (start)) == 0;
}

static bool
ends_with (const json_t *end, const json_t *value)
{
    size_t size = json_string_length (value), end_size = json_string_length (end);
    return json_is_string (value) && size >= end_size &&
           memcmp (json_string_value (value) + size - end_size, json_string_value (end),
                   end_size) == 0;
}

static bool
is_among (const json_t *values, const json_t *value)
{
    if (!json_is_array (values))
        return equals (values, value);
    for (size_t i = 0; i < json_array_size (values); i++)
        if (equals (json_array_get (values, i), value))
            return true;
    return false;
}

static bool
is_within (const data_test_t *test, const json_t *value)
{
    if (!json_is_number (value))
        return false;
    for (int i = 0; i < test->bound_count; i++) {
        int order = compare_numbers (value, test->bounds [i].number);
        bool holds = false;
        switch (test->bounds [i].compare) {
            case COMPARE_EQ: holds = order == 0; break;
            case COMPARE_NE: holds = order != 0; break;
            case COMPARE_LT: holds = order < 0; break;
            case COMPARE_LE: holds = order <= 0; break;
            case COMPARE_GT: holds = order > 0; break;
            case COMPARE_GE: holds = order >= 0; break;
        }
        if (!holds)
            return false;
    }
    return true;
}

//  A value of the data that is there and is no array.
static bool
test_accepts (const data_test_t *test, const json_t *value)
{
    switch (test->kind) {
        case DATA_TEST_EQUAL: return equals (test->value, value);
        case DATA_TEST_PREFIX: return begins_with (test->value, value);
        case DATA_TEST_SUFFIX: return ends_with (test->value, value);
        case DATA_TEST_EXISTS: return test->exists;
        case DATA_TEST_ANYTHING_BUT: return !is_among (test->value, value);
        case DATA_TEST_NUMERIC: return is_within (test, value);
    }
    return false;
}

//  Whether the value itself, not its elements, is accepted: also when it is missing (NULL).
static bool
is_accepted_whole (const data_pattern_t *self, const json_t *value)
{
    for (size_t i = 0; i < self->count; i++) {
        const data_test_t *test = &self->tests [i];
        if (test->kind == DATA_TEST_EXISTS
                ? test->exists == (value != NULL)
                : value && !json_is_array (value) && test_accepts (test, value))
            return true;
    }
    return false;
}

bool
data_pattern_fits (const data_pattern_t *self, const json_t *value)
{
    if (self->tests && is_accepted_whole (self, value))
        return true;
    for (size_t i = 0; i < json_array_size (value); i++)
        if (data_pattern_fits (self, json_array_get (value, i)))
            return true;
    if (self->tests || json_array_size (value) > 0)
        return false;
    //  In what is no object all members are missing.
    for (size_t i = 0; i < self->count; i++)
        if (!data_pattern_fits (self->members [i], json_object_get (value, self->names [i])))
            return false;
    return true;
}
