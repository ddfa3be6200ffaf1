#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"
#include "proto/model/pattern.h"

static bool
matches (const char *text, char separator, const char *name)
{
    problem_t problem = {0};
    OWNED (pattern) pattern_t *pattern = pattern_new (text, separator, "match", &problem);
    if (!pattern)
        fail_msg ("%s: %s", text, problem.text);
    assert_string_equal (pattern_text (pattern), text);
    return pattern_matches (pattern, name);
}

static void
one_star_is_one_segment (void **state)
{
    (void)state;
    assert_true (matches ("kinto.*.update", '.', "kinto.record.update"));
    assert_false (matches ("kinto.*", '.', "kinto"));
    assert_false (matches ("kinto.*", '.', "kinto.record.update"));
    assert_false (matches ("*", '.', "a.b"));
    assert_true (matches ("*.*", '.', "a.b"));
    assert_true (matches ("/*/b", '/', "/a/b"));
    assert_false (matches ("/*", '/', "/a/b"));
}

static void
two_stars_are_any_number_of_segments (void **state)
{
    (void)state;
    assert_true (matches ("**", '.', "a"));
    assert_true (matches ("kinto.**", '.', "kinto"));
    assert_true (matches ("kinto.**", '.', "kinto.record.update"));
    assert_false (matches ("kinto.**", '.', "kintos.record"));
    assert_true (matches ("**.update", '.', "update"));
    assert_true (matches ("**.update", '.', "update.a.update"));
    assert_true (matches ("a.**.b.**.c", '.', "a.b.x.b.c.c"));
    assert_false (matches ("a.**.b.**.c", '.', "a.c.b"));
    assert_true (matches ("/buckets/**", '/', "/buckets/addons/collections/x"));
    assert_true (matches ("/buckets/**", '/', "/buckets"));
    assert_true (matches ("/**", '/', "/"));
    assert_true (matches ("/**", '/', "/a/b"));
    assert_false (matches ("/**", '/', "a/b"));
    assert_true (matches ("**", '/', ""));
    assert_true (matches ("**.**", '.', "a"));
}

static void
without_a_star_it_equals (void **state)
{
    (void)state;
    assert_true (matches ("/a//b/", '/', "/a//b/"));
    assert_false (matches ("/a/b", '/', "/a/b/"));
    assert_false (matches ("kinto.record", '.', "kinto.recor"));
    assert_false (matches ("kinto.record", '.', "kinto.records"));
    assert_true (matches ("/żółw/*", '/', "/żółw/1"));
}

//  By the definition, without any thrift: all ways to share the text among the segments.
static bool
matches_plainly (const char *pattern, const char *text)
{
    if (!pattern)
        return !text;
    const char *dot = strchr (pattern, '.'), *rest = dot ? dot + 1 : NULL;
    size_t size = strcspn (pattern, ".");
    if (size == 2) {
        if (matches_plainly (rest, text))
            return true;
        const char *next = text ? strchr (text, '.') : NULL;
        return text && matches_plainly (pattern, next ? next + 1 : NULL);
    }
    if (!text ||
        (*pattern != '*' && (strcspn (text, ".") != size || memcmp (pattern, text, size) != 0)))
        return false;
    const char *next = strchr (text, '.');
    return matches_plainly (rest, next ? next + 1 : NULL);
}

//  The nth text of up to five segments, each one of some words.
static void
compose (char *text, unsigned number, const char *const *words, unsigned count)
{
    *text = 0;
    for (unsigned rest = number; rest > 0; rest /= count + 1) {
        if (rest % (count + 1) == 0)
            continue;
        if (*text)
            strcat (text, ".");
        strcat (text, words [rest % (count + 1) - 1]);
    }
}

static void
all_small_patterns_match_as_the_definition_says (void **state)
{
    (void)state;
    static const char *const pattern_words [] = {"a", "b", "*", "**"}, *const text_words [] = {"a",
                                                                                               "b"};
    char pattern [40], text [40];
    for (unsigned i = 1; i < 3125; i++) {
        compose (pattern, i, pattern_words, 4);
        OWNED (pattern) pattern_t *made = pattern_new (pattern, '.', "type", NULL);
        assert_non_null (made);
        for (unsigned k = 1; k < 243; k++) {
            compose (text, k, text_words, 2);
            bool expected = matches_plainly (pattern, text);
            if (pattern_matches (made, text) != expected)
                fail_msg ("%s %s %s", pattern, expected ? "matches" : "does not match", text);
            if (expected)
                assert_memory_equal (text, pattern, pattern_literal_bytes (made));
        }
    }
}

static void
many_wildcards_do_not_take_for_ever (void **state)
{
    (void)state;
    char pattern [1024] = "", text [2048] = "";
    for (int i = 0; i < 60; i++)
        strcat (pattern, "**.a.");
    strcat (pattern, "b");
    for (int i = 0; i < 1000; i++)
        strcat (text, i ? ".a" : "a");
    assert_false (matches (pattern, '.', text));  //  2^60 steps, if it took each way
}

static void
the_literal_start_is_what_every_match_starts_with (void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char separator;
        size_t literal_bytes;
        bool is_literal;
    } cases [] = {
        {"kinto.record.update", '.', 19, true},
        {"kinto.*", '.', 6, false},
        {"kinto.**", '.', 5, false},
        {"*", '.', 0, false},
        {"**", '.', 0, false},
        {"/buckets/a/**", '/', 10, false},
        {"/**", '/', 0, false},
        {"/*/b", '/', 1, false},
        {"", '/', 0, true},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        OWNED (pattern)
        pattern_t *pattern = pattern_new (cases [i].text, cases [i].separator, "", NULL);
        assert_int_equal (pattern_literal_bytes (pattern), cases [i].literal_bytes);
        assert_int_equal (pattern_is_literal (pattern), cases [i].is_literal);
    }
}

static void
what_is_no_pattern_is_told_why (void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char separator;
        const char *sentence;
    } cases [] = {
        {"kinto.rec*", '.',
         "match.type: \"rec*\": * stands for a whole segment, ** for any number of them"},
        {"/a/***", '/',
         "match.type: \"***\": * stands for a whole segment, ** for any number of them"},
        {"a..b", '.', "match.type: \"a..b\": a segment is empty; no type has such a one"},
        {"", '.', "match.type: \"\": a segment is empty; no type has such a one"},
        {"a.b c", '.',
         "match.type: \"b c\": a type has only A-Z, a-z, 0-9, _ and - between its dots"},
        {"/a\n", '/', "match.type: it has a control character, or bytes that are not UTF-8"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        problem_t problem;
        assert_null (pattern_new (cases [i].text, cases [i].separator, "match.type", &problem));
        assert_int_equal (problem.status, STATUS_BAD_MATCH);
        assert_string_equal (problem.name, "match.type");
        assert_string_equal (problem.text, cases [i].sentence);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (one_star_is_one_segment),
        cmocka_unit_test (two_stars_are_any_number_of_segments),
        cmocka_unit_test (without_a_star_it_equals),
        cmocka_unit_test (all_small_patterns_match_as_the_definition_says),
        cmocka_unit_test (many_wildcards_do_not_take_for_ever),
        cmocka_unit_test (the_literal_start_is_what_every_match_starts_with),
        cmocka_unit_test (what_is_no_pattern_is_told_why),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
