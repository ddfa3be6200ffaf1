/*  Programs of all manners, against a real tocsin-jq: what they give, and what they cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "daemon/transformer.h"

enum { MOST = 1048576, SHORT_MS = 300, LONG_MS = 20000, WAIT_MS = 60000 };

static transformer_t *asked;  //  what the tests below ask; made anew when it has ended
static int cpu_ms = LONG_MS;

static void
expect (const char *program, const char *input, const char *made)
{
    problem_t problem = {0};
    if (!asked)
        asked = transformer_new (&problem);
    assert_string_equal (problem.text, "");
    transformer_ask (asked, program, input, input ? strlen (input) : 0, MOST, cpu_ms);
    const char *value = NULL;
    size_t size = 0;
    if (transformer_wait (asked, WAIT_MS)) {
        if (transformer_value (asked, &value, &size, &problem))
            value = problem.text;
        else if (value)
            assert_int_equal (strlen (value), size);
    }
    else {
        transformer_explain (asked, &problem);
        value = problem.text;
        transformer_destroy (&asked);
    }
    assert_string_equal (value ? value : "nothing", made);
}

static void
a_program_makes_one_value_of_another (void **state)
{
    (void)state;
    expect (".", "{\"a\": [1, 0.1, null, \"\xc3\xa9\"]}", "{\"a\":[1,0.1,null,\"\xc3\xa9\"]}");
    expect ("{text: .data.title, n: (.data.list | length)}",
            "{\"data\": {\"title\": \"x\", \"list\": [1, 2]}}", "{\"text\":\"x\",\"n\":2}");
    expect ("null", "1", "null");
    expect (".x | @html", "{\"x\": \"a<b\"}", "\"a&lt;b\"");
    expect (".", "1", "1");  //  one that is compiled already
    transformer_destroy (&asked);
}

static void
no_value_and_more_than_one_are_no_value (void **state)
{
    (void)state;
    expect ("empty", "1", "nothing");
    expect ("select (. > 3)", "1", "nothing");
    expect ("1, 2", "1", "transform.jq: it gives more than one value: put [ ] around it");
    expect ("[1, 2]", "1", "[1,2]");
    expect ("1, error (\"late\")", "1", "transform.jq: late");
    transformer_destroy (&asked);
}

static void
what_is_no_program_is_told_without_an_event (void **state)
{
    (void)state;
    expect (".a", NULL, "");
    expect ("foo", NULL, "transform.jq: foo/0 is not defined at <top-level>, line 1: foo");
    expect (".[", NULL, "transform.jq: syntax error, unexpected $end at <top-level>, line 1: .[");
    expect ("", NULL, "");
    transformer_destroy (&asked);
}

static void
an_error_of_a_program_is_told (void **state)
{
    (void)state;
    expect (".a", "1", "transform.jq: Cannot index number with string \"a\"");
    expect ("error (\"my\\nown\")", "1", "transform.jq: my own");
    expect ("error ({a: 1})", "1", "transform.jq: {\"a\":1}");
    expect ("halt", "1", "transform.jq: halt has no meaning here");
    expect ("\"x\" | halt_error", "1", "transform.jq: halt has no meaning here");
    expect (".", "{",
            "transform.jq: the event cannot be read: Unfinished JSON term at EOF at line 1, "
            "column 1 (while parsing '{')");
    transformer_destroy (&asked);
}

static void
there_is_nothing_to_find_out_and_nothing_to_read (void **state)
{
    (void)state;
    setenv ("TOCSIN_SECRET", "hunter2", 1);
    expect ("env", "1", "{}");
    expect ("$ENV", "1", "{}");
    expect ("$ENV.PATH", "1", "null");
    expect ("$__prog_args", "1",
            "transform.jq: $__prog_args is not defined at <top-level>, line 1: $__prog_args");
    expect ("input_filename", "1", "null");
    expect ("[inputs]", "1", "[]");
    expect ("input", "1", "transform.jq: break");
    expect ("debug, stderr | empty", "1", "nothing");
    expect ("get_search_list", "1", "[]");
    expect ("include \"x\"; .", "1", "transform.jq: module not found: x");
    expect ("import \"/etc/passwd\" as $x; $x", "1", "transform.jq: module not found: /etc/passwd");
    expect ("import \"x\" as x {search: \"/etc\"}; 1", "1", "transform.jq: module not found: x");
    expect ("\"passwd\" | modulemeta", "1", "transform.jq: module not found: passwd");
    expect ("now | localtime | mktime | type", "1", "\"number\"");
    transformer_destroy (&asked);
}

static void
what_would_never_end_or_fill_the_memory_is_stopped (void **state)
{
    (void)state;
    static const char late [] = "transform.jq: it was stopped: it took too long";
    static const char large [] =
        "transform.jq: it was stopped: it wanted more than 256 MiB of memory";
    cpu_ms = SHORT_MS;
    expect ("def f: f; f", "1", late);
    expect ("last (range (1e12))", "1", late);
    expect ("[limit (1e12; repeat (1))] | length", "1", late);
    cpu_ms = LONG_MS;
    expect ("reduce range (40) as $i (\"x\"; . + .) | length", "1", large);
    expect ("[range (100)] | until (false; . + .)", "1", large);
    expect ("\"x\" * 2e6", "1", "transform.jq: what it gives is too large");
    expect (".", "1", "1");  //  and the next one is well
    transformer_destroy (&asked);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_program_makes_one_value_of_another),
        cmocka_unit_test (no_value_and_more_than_one_are_no_value),
        cmocka_unit_test (what_is_no_program_is_told_without_an_event),
        cmocka_unit_test (an_error_of_a_program_is_told),
        cmocka_unit_test (there_is_nothing_to_find_out_and_nothing_to_read),
        cmocka_unit_test (what_would_never_end_or_fill_the_memory_is_stopped),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
