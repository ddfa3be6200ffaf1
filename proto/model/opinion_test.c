#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/opinion.h"

static void
expect (const char *result, const char *decision, const char *reason, const char *object)
{
    opinion_t opinion = {0};
    problem_t problem = {0};
    assert_int_equal (opinion_read (&opinion, result, &problem), STATUS_OK);
    assert_string_equal (decision_name (opinion.decision), decision);
    assert_string_equal (opinion.reason ? opinion.reason : "", reason);
    char *text = opinion.object ? json_dumps (opinion.object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    assert_string_equal (text ? text : "", object);
    free (text);
    opinion_clear (&opinion);
    opinion_clear (&opinion);
}

static void
expect_none (const char *result, const char *sentence)
{
    opinion_t opinion = {.decision = DECISION_DENY};
    problem_t problem = {0};
    assert_int_equal (opinion_read (&opinion, result, &problem), STATUS_BAD_REQUEST);
    assert_string_equal (problem.text, sentence);
    assert_int_equal (opinion.decision, DECISION_DENY);
    assert_null (opinion.reason);
}

static void
an_answer_says_allow_or_deny (void **state)
{
    (void)state;
    expect ("{\"decision\": \"allow\"}", "allow", "", "");
    expect ("{\"decision\":\"deny\",\"reason\":\"no title\"}", "deny", "no title", "");
    expect (" {\"object\":{\"a\":1,\"b\":null},\"decision\":\"allow\",\"more\":[]}\n", "allow", "",
            "{\"a\":1,\"b\":null}");
    expect ("{\"decision\":\"allow\",\"reason\":null,\"object\":null}", "allow", "", "");
    expect ("{\"decision\":\"deny\",\"reason\":\"\"}", "deny", "", "");
}

static void
who_says_nothing_has_nothing_against_it (void **state)
{
    (void)state;
    expect ("", "allow", "", "");
    expect (" \r\n\t", "allow", "", "");
}

static void
anything_else_is_no_answer (void **state)
{
    (void)state;
    const char *none = "the answer is no JSON object with a decision";
    expect_none ("ok", none);
    expect_none ("<html>", none);
    expect_none ("[]", none);
    expect_none ("\"allow\"", none);
    expect_none ("{\"decision\": \"deny\"", none);
    expect_none ("{\"decision\":\"deny\",\"decision\":\"allow\"}", none);
    expect_none ("{\"decision\": \"de\\u0000ny\"}", none);
    expect_none ("\xff\xfe", none);
    expect_none ("{}", "the answer has no decision, which is \"allow\" or \"deny\"");
    expect_none ("{\"decision\": true}",
                 "the answer has no decision, which is \"allow\" or \"deny\"");
    expect_none ("{\"decision\": \"Deny\"}",
                 "the answer's decision is \"Deny\"; there are \"allow\" and \"deny\"");
    expect_none ("{\"decision\": \"deny\", \"reason\": 7}", "the answer's reason is no string");
    expect_none ("{\"decision\": \"allow\", \"object\": [1]}", "the answer's object is no object");
}

static void
a_long_reason_is_cut_at_a_character (void **state)
{
    (void)state;
    char result [4096] = "{\"decision\":\"deny\",\"reason\":\"x";
    for (int i = 0; i < 1000; i++)
        strcat (result, "\xc3\xa9");
    strcat (result, "\"}");
    opinion_t opinion;
    assert_int_equal (opinion_read (&opinion, result, NULL), STATUS_OK);
    assert_int_equal (strlen (opinion.reason), 1023);
    opinion_clear (&opinion);
}

static void
join (const char *const *results, const char *decision, const char *reason, const char *object)
{
    opinion_t all = {0};
    for (; *results; results++) {
        opinion_t one;
        assert_int_equal (opinion_read (&one, *results, NULL), STATUS_OK);
        opinion_join (&all, &one);
        opinion_clear (&one);
    }
    assert_string_equal (decision_name (all.decision), decision);
    assert_string_equal (all.reason ? all.reason : "", reason);
    char *text = all.object ? json_dumps (all.object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    assert_string_equal (text ? text : "", object);
    free (text);
    opinion_clear (&all);
}

#define JOIN(decision, reason, object, ...) \
    join ((const char *const []){__VA_ARGS__, NULL}, decision, reason, object)

static void
the_first_that_denies_decides (void **state)
{
    (void)state;
    JOIN ("deny", "b", "", "{\"decision\":\"allow\",\"reason\":\"a\",\"object\":{\"x\":1}}",
          "{\"decision\":\"deny\",\"reason\":\"b\"}", "{\"decision\":\"deny\",\"reason\":\"c\"}",
          "{\"decision\":\"allow\",\"object\":{\"y\":1}}");
    JOIN ("deny", "", "", "{\"decision\":\"deny\"}", "{\"decision\":\"deny\",\"reason\":\"c\"}");
}

static void
changes_are_applied_one_after_another (void **state)
{
    (void)state;
    JOIN ("allow", "", "{\"a\":2,\"b\":{\"c\":null,\"d\":3},\"e\":null}",
          "{\"decision\":\"allow\",\"object\":{\"a\":1,\"b\":{\"c\":1},\"e\":5}}", "",
          "{\"decision\":\"allow\",\"object\":{\"a\":2,\"b\":{\"c\":null,\"d\":3},\"e\":null}}");
    JOIN ("allow", "first", "{\"a\":{\"b\":1}}",
          "{\"decision\":\"allow\",\"reason\":\"first\",\"object\":{\"a\":[1]}}",
          "{\"decision\":\"allow\",\"reason\":\"then\",\"object\":{\"a\":{\"b\":1}}}");
    JOIN ("allow", "", "", "", "");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_answer_says_allow_or_deny),
        cmocka_unit_test (who_says_nothing_has_nothing_against_it),
        cmocka_unit_test (anything_else_is_no_answer),
        cmocka_unit_test (a_long_reason_is_cut_at_a_character),
        cmocka_unit_test (the_first_that_denies_decides),
        cmocka_unit_test (changes_are_applied_one_after_another),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
