#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/reason.h"
#include "proto/model/record.h"
#include "proto/model/status.h"
#include "proto/model/utf8.h"

static void
every_status_is_found_by_its_name (void **state)
{
    (void)state;
    for (int i = 0; i < STATUSES; i++) {
        status_t found = STATUSES;
        assert_true (status_from_name (status_name ((status_t)i), &found));
        assert_int_equal (found, i);
        assert_in_range (status_http ((status_t)i), 200, 599);
        assert_true (strlen (status_text ((status_t)i)) > 0);
    }
    status_t found = STATUS_FULL;
    assert_false (status_from_name ("FULLER", &found));
    assert_int_equal (found, STATUS_FULL);
}

static void
a_status_has_the_faces_of_its_line (void **state)
{
    (void)state;
    assert_int_equal (STATUS_OK, 0);
    assert_int_equal (status_http (STATUS_ID_TAKEN), 409);
    assert_int_equal (status_errno (STATUS_ID_TAKEN), 122);
    assert_int_equal (status_repeat (STATUS_ID_TAKEN), REPEAT_NEVER);
    assert_int_equal (status_repeat (STATUS_FULL), REPEAT_LATER);
    assert_int_equal (status_repeat (STATUS_OUTCOME_UNKNOWN), REPEAT_AT_ONCE);
}

static void
a_number_that_is_no_status_reads_as_our_own_mistake (void **state)
{
    (void)state;
    assert_string_equal (status_name ((status_t)9999), "INTERNAL");
    assert_int_equal (status_http ((status_t)-1), 500);
}

static void
a_problem_has_its_sentence_and_its_field (void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal (problem_at (&problem, STATUS_BAD_MATCH, "match.type", "%s: %d", "found", 3),
                      STATUS_BAD_MATCH);
    assert_int_equal (problem.status, STATUS_BAD_MATCH);
    assert_string_equal (problem.text, "found: 3");
    assert_string_equal (problem.name, "match.type");
    problem_set (&problem, STATUS_FULL, "again: %s", problem.text);
    assert_string_equal (problem.text, "again: found: 3");
    assert_string_equal (problem.name, "");
    assert_int_equal (problem_set (NULL, STATUS_FULL, "nobody asks"), STATUS_FULL);
}

static void
a_sentence_too_long_is_cut_between_characters (void **state)
{
    (void)state;
    char many [400];
    for (size_t start = 0; start < 3; start++) {
        memset (many, 'x', start);
        for (size_t i = start; i + 3 < sizeof (many); i += 3)
            memcpy (many + i, "€", 4);
        problem_t problem;
        problem_at (&problem, STATUS_BAD_EVENT, many, "%s", many);
        assert_in_range (strlen (problem.text), sizeof (problem.text) - 4,
                         sizeof (problem.text) - 1);
        assert_true (utf8_is_text (problem.text, strlen (problem.text)));
        assert_true (utf8_is_text (problem.name, strlen (problem.name)));
    }
}

static void
what_a_peer_sent_cannot_break_a_sentence (void **state)
{
    (void)state;
    problem_t problem;
    problem_set (&problem, STATUS_BAD_EVENT, "type: \"%s\"", "a\xff\n\xc3\xa9\xe2\x82");
    assert_string_equal (problem.text, "type: \"a??\xc3\xa9??\"");
    problem_at (&problem, STATUS_BAD_MATCH,
                "\xc2\x9b"
                "2J",
                "CSI");
    assert_string_equal (problem.name, "??2J");
}

static void
reasons_and_the_words_of_the_store_keep_their_names (void **state)
{
    (void)state;
    assert_string_equal (reason_name (REASON_SESSION_GONE), "SESSION_GONE");
    assert_string_equal (reason_text (REASON_SESSION_GONE), "its worker went away");
    for (int i = 0; i < REASONS; i++)
        assert_true (strlen (reason_name ((reason_t)i)) > 0 &&
                     strlen (reason_text ((reason_t)i)) > 0);

    const char *const states [] = {"retry", "held", "slow", "dead"};
    for (int i = 0; i < 4; i++) {
        exception_state_t found;
        assert_true (exception_state_from_name (states [i], &found));
        assert_string_equal (exception_state_name (found), states [i]);
    }
    const char *const outcomes [] = {"ok", "retry", "fail", "skip"};
    for (int i = 0; i < 4; i++) {
        outcome_t found;
        assert_true (outcome_from_name (outcomes [i], &found));
        assert_string_equal (outcome_name (found), outcomes [i]);
    }
    exception_state_t exception = EXCEPTION_SLOW;
    outcome_t outcome = OUTCOME_FAIL;
    assert_false (exception_state_from_name ("", &exception));
    assert_false (outcome_from_name ("OK", &outcome));
    assert_true (exception == EXCEPTION_SLOW && outcome == OUTCOME_FAIL);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_status_is_found_by_its_name),
        cmocka_unit_test (a_status_has_the_faces_of_its_line),
        cmocka_unit_test (a_number_that_is_no_status_reads_as_our_own_mistake),
        cmocka_unit_test (a_problem_has_its_sentence_and_its_field),
        cmocka_unit_test (a_sentence_too_long_is_cut_between_characters),
        cmocka_unit_test (what_a_peer_sent_cannot_break_a_sentence),
        cmocka_unit_test (reasons_and_the_words_of_the_store_keep_their_names),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
