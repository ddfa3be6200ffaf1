/*  data_pattern_tree – what data_pattern_new makes, data_pattern_fits and data_pattern_why walk. */
#ifndef DATA_PATTERN_TREE_H
#define DATA_PATTERN_TREE_H

#include "proto/model/data_pattern.h"

typedef enum { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE } compare_t;

typedef enum {
    DATA_TEST_EQUAL,  //  a plain value, no test of the table
#define DATA_TEST(kind, name, given) DATA_TEST_##kind,
#include "proto/model/data_test.tbl"
} data_test_kind_t;

//  One element of an array: a value, or a test.
typedef struct {
    data_test_kind_t kind;
    const json_t *accepted;  //  the element itself, in the pattern's own copy
    const json_t
        *value;   //  to equal, to begin or end with, not to be in; in the pattern's own copy
    bool exists;  //  EXISTS: what it asks for
    struct {
        compare_t compare;
        const json_t *number;
    } bounds [2];     //  NUMERIC
    int bound_count;  //  NUMERIC: 1 or 2
} data_test_t;

//  What is asked of one value of the data: of its members, if names is there, or one of the tests.
struct data_pattern {
    json_t *copy;              //  of the whole pattern; ours, at the root only
    const char **names;        //  in copy
    data_pattern_t **members;  //  ours; one for each name
    data_test_t *tests;        //  ours
    size_t count;              //  of members or of tests
};

#endif
