/*  json_scan – what is JSON and what is not (after Nicolas Seriot's "Parsing JSON is a Minefield"),
 *  where it stops being JSON, and what the spans and texts hold.
 */
#include "gateway/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/bytes.h"

enum { DEPTH = 64 };

static bool
is_json (const char *bytes, size_t size, problem_t *problem)
{
    json_scan_t scan = {0};
    json_span_t span;
    char *copy = malloc (size + 1);  //  of its very size, so that a look too far is seen
    memcpy (copy, bytes, size);
    copy [size] = 0;
    json_scan_start (&scan, copy, size, DEPTH);
    json_scan_skip (&scan, &span);
    status_t status = json_scan_end (&scan, problem);
    json_scan_free (&scan);
    free (copy);
    return status == STATUS_OK;
}

// clang-format off
static const char *const good [] = {
    "[]", "{}", "[ ]", " [] ", "[[]   ]", "[\"\"]", "[false]", "[null, 1, \"1\", {}]", "[null]",
    "[1\n]", " [1]", "[1,null,null,null,2]", "[2] ", "[123e65]", "[0e+1]", "[0e1]", "[ 4]",
    "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", "[20e1]",
    "[-0]", "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]",
    "[1e+2]", "[123]", "[123.456789]", "[1e9999]", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
    "{\"asd\":\"sdf\"}", "{\"\":0}", "{\"foo\\u0000bar\": 42}",
    "{\"min\": -1.0e+28, \"max\": 1.0e+28}",
    "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxxxx\"}",
    "{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\"}", "{\n\"a\": \"b\"\n}",
    "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]",
    "[\"\\\\a\"]", "[\"\\\\n\"]", "[\"\\u0012\"]", "[\"\\uFFFF\"]", "[\"asd\"]", "[ \"asd\"]",
    "[\"\xf4\x8f\xbf\xbf\"]", "[\"\xef\xbf\xbf\"]", "[\"\\u0000\"]", "[\"\\u002c\"]",
    "[\"\xcf\x80\"]", "[\"\xf0\x9b\xbf\xbf\"]", "[\"asd \"]", "\" \"", "[\"\\u0821\"]",
    "[\"\\u0123\"]", "[\"\xe2\x80\xa8\"]", "[\"\xe2\x80\xa9\"]", "[\"\x7f\"]",
    "[\"\\uDBFF\\uDFFE\"]", "[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]", "false", "42", "-0.1",
    "null", "\"asd\"", "true", "\"\"", "[true]", "[\"a\",\n4\n,1,\r\n\t2]",
};
// clang-format on

static void
what_is_json_is_taken (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (good) / sizeof (*good); i++) {
        problem_t problem = {0};
        if (!is_json (good [i], strlen (good [i]), &problem))
            fail_msg ("%s: %s", good [i], problem.text);
    }
}

// clang-format off
static const char *const bad [] = {
    "", " ", "[1 true]", "[a\xe5]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]",
    "[\"x\"]]", "[\"\",]", "[\"x\"", "[x", "[3[4]]", "[\xff]", "[1:2]", "[,]", "[-]", "[   , \"\"]",
    "[\"a\",\n4\n,1,", "[1,]", "[1,,]", "[\"\va\"\\f]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1", "[{}",
    "[fals]", "[nul]", "[tru]", "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]",
    "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e]", "[0e+]",
    "[1.0e+]", "[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]",
    "[Inf]", "[NaN]", "[\xef\xbc\x91]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]",
    "[-123.123foo]", "[123\xe5]", "[1e1\xe5]", "[0\xe5]", "[-Infinity]", "[-foo]", "[- 1]",
    "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]", "[.123]", "[1.2a-3]", "[012]", "[\"x\", truth]",
    "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}", "{\xf0\x9f\x87\xa8}", "{\"a\":\"a\" 123}",
    "{key: 'value'}", "{\"\xb9\":\"0\",}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":",
    "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}",
    "{\"id\":0,}", "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}#", "{\"a\":\"b\"}//",
    "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }",
    "{\"a\":\"b\"}#", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]",
    "[\"\\uD800\\u1x\"]", "[\xc3\xa9]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\xf0\x9f\x8c\x80\"]",
    "[\"\\", "[\"\\\"]", "[\"\\uqqqq\"]", "[\"\\u00A\"]", "[\"\\x00\"]", "[\"\\uD834\\uDd\"]",
    "[\"\\uD800\\uD800\\x\"]", "[\"\\u\xe5\"]", "[\"\\a\"]", "[\"\\\xe5\"]", "[\\u0020\"asd\"]",
    "[\\n]", "\"", "['single']", "abc", "[\"new\nline\"]", "[\"\t\"]", "[\"\x1f\"]", "\"\\UA66D\"",
    "<.>", "[<null>]", "[1]x", "[1]]", "[True]", "1]", "{\"x\": true,", "[][]", "]",
    "\xef\xbb\xbf{}", "\xe5", "{\"\":", "[\"a\xff\"]", "[\"\xc0\xaf\"]", "[\"\xed\xa0\x80\"]",
    "[\"\xf4\xbf\xbf\xbf\"]", "[\"\xe0\xff\"]", "[\"\x81\"]", "[\"\xfc\x83\xbf\xbf\xbf\xbf\"]",
    "[\"\xe0\x80\xaf\"]", "[\"\xf0\x80\x80\xaf\"]", "[\"\\uDADA\"]", "[\"\\uDd1e\\uD834\"]",
    "[\"\\uDFAA\"]", "[\"\\uD888\\u1234\"]", "[\"\\uD800\\n\"]", "{\"a\":1 ", "[\v]",
    "[\xe2\x81\xa0]", "{", "[", "*", "{}}", "{\"\":[{\"\":[", "[\"\\u004", "nul", "-", "01",
};
// clang-format on

static void
what_is_not_json_is_refused (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++)
        if (is_json (bad [i], strlen (bad [i]), NULL))
            fail_msg ("taken: %s", bad [i]);
    assert_false (is_json ("[\0]", 3, NULL));
    assert_false (is_json ("[\"a\0b\"]", 7, NULL));
    assert_false (is_json ("[]\0", 3, NULL));
    assert_false (is_json ("123\0", 4, NULL));
}

static void
expect_twin (const char *text)
{
    problem_t problem = {0};
    assert_false (is_json (text, strlen (text), &problem));
    assert_non_null (strstr (problem.text, "twice"));
}

static void
a_name_that_comes_twice_in_one_object_is_refused (void **state)
{
    (void)state;
    expect_twin ("{\"a\":\"b\",\"a\":\"c\"}");
    expect_twin ("{\"a\":1,\"\\u0061\":1}");
    expect_twin ("{\"\\u0061\":1,\"a\":1}");
    expect_twin ("[{\"x\":{\"b\":1,\"a\":{},\"b\":2}}]");

    const char *each_once = "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}";
    assert_true (is_json (each_once, strlen (each_once), NULL));
}

static void
a_name_that_comes_twice_among_thousands_is_refused (void **state)
{
    (void)state;
    bytes_t text = {0};
    bytes_add_text (&text, "{");
    for (int64_t i = 0; i < 5000; i++) {
        bytes_add_text (&text, "\"name");
        bytes_add_number (&text, i);
        bytes_add_text (&text, i % 2 ? "\":{\"a\":1},\n" : "\\n\":{\"a\":1},\n");
    }
    size_t size = text.size;
    bytes_add_text (&text, "\"last\":1}");
    assert_true (is_json (text.at, text.size, NULL));

    text.size = size;
    bytes_add_text (&text, "\"\\u006eame17\":1,\"last\":1}");
    problem_t problem = {0};
    assert_false (is_json (text.at, text.size, &problem));
    assert_string_equal (problem.text, "line 5001, column 1: this name comes twice in its object");
    bytes_free (&text);
}

static void
nesting_has_a_limit (void **state)
{
    (void)state;
    char text [2 * DEPTH + 3];
    memset (text, '[', DEPTH);
    memset (text + DEPTH, ']', DEPTH);
    assert_true (is_json (text, 2 * DEPTH, NULL));

    memset (text, '[', DEPTH + 1);
    memset (text + DEPTH + 1, ']', DEPTH + 1);
    problem_t problem = {0};
    assert_false (is_json (text, 2 * DEPTH + 2, &problem));
    assert_string_equal (problem.text,
                         "line 1, column 65: it is nested deeper than limits/json_depth");
}

static void
an_error_says_line_and_column (void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases [] = {
        {"", "line 1, column 1: the text ends too early"},
        {"{\"a\": 1,\n \"b\": x}", "line 2, column 7: a value is expected"},
        {"{\"\xc3\xa4\": 1 2}", "line 1, column 9: a comma or a closing brace is expected"},
        {"[\n\n1,]", "line 3, column 3: a value is expected"},
        {"[1 2]", "line 1, column 4: a comma or a closing bracket is expected"},
        {"{a}", "line 1, column 2: a name in quotes is expected"},
        {"{\"a\"}", "line 1, column 5: a colon is expected"},
        {"[01]", "line 1, column 2: this is no number"},
        {"[nil]", "line 1, column 2: this is no value: only true, false and null are words"},
        {"[\"\\x\"]", "line 1, column 3: this is no escape, or half a surrogate pair"},
        {"[\"\xff\"]", "line 1, column 3: this is not UTF-8"},
        {"[\"\t\"]", "line 1, column 3: a control character in a string: escape it"},
        {"[\"a", "line 1, column 4: the text ends in a string"},
        {"{} {}", "line 1, column 4: the text goes on after its value"},
        {"{\"a\":1,\"a\":2}", "line 1, column 8: this name comes twice in its object"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (*cases); i++) {
        problem_t problem = {0};
        assert_false (is_json (cases [i].text, strlen (cases [i].text), &problem));
        assert_string_equal (problem.text, cases [i].says);
        assert_int_equal (problem.status, STATUS_BAD_JSON);
    }
}

static void
members_are_found_and_spans_are_verbatim (void **state)
{
    (void)state;
    const char *text =
        " {\"n\" : -42 , \"t\":\"a\\u00e4\\n\\ud83d\\ude00\",\"d\": { \"x\" :[1, 2 ] } , \"l\":[1,[2],\"3\"]} ";
    json_scan_t scan = {0};
    json_span_t name, data = {0}, element;
    char texts [128], *room = texts;
    const char *decoded = NULL;
    int64_t number = 0;
    int elements = 0;
    json_scan_start (&scan, text, strlen (text), DEPTH);
    json_scan_enter_object (&scan);
    while (json_scan_member (&scan, &name)) {
        if (json_span_is (name, "n"))
            assert_true (json_scan_integer (&scan, &number));
        else if (json_span_is (name, "t"))
            decoded = json_scan_text (&scan, &room);
        else if (json_span_is (name, "d"))
            json_scan_skip (&scan, &data);
        else if (json_scan_enter_array (&scan))
            while (json_scan_element (&scan)) {
                json_scan_skip (&scan, &element);
                elements++;
            }
    }
    assert_int_equal (json_scan_end (&scan, NULL), STATUS_OK);
    assert_int_equal (number, -42);
    assert_string_equal (decoded, "a\xc3\xa4\n\xf0\x9f\x98\x80");
    assert_true (json_span_is (data, "{ \"x\" :[1, 2 ] }"));
    assert_int_equal (elements, 3);
    json_scan_free (&scan);
}

static bool
is_integer (const char *text, int64_t *number)
{
    json_scan_t scan = {0};
    json_scan_start (&scan, text, strlen (text), DEPTH);
    bool is_one = json_scan_integer (&scan, number);
    json_scan_free (&scan);
    return is_one;
}

static void
an_integer_fits_or_is_none (void **state)
{
    (void)state;
    int64_t number = 0;
    assert_true (is_integer ("9223372036854775807", &number));
    assert_int_equal (number, INT64_MAX);
    assert_true (is_integer ("-9223372036854775808", &number));
    assert_int_equal (number, INT64_MIN);
    assert_true (is_integer ("0", &number));
    assert_int_equal (number, 0);
    assert_false (is_integer ("9223372036854775808", &number));
    assert_false (is_integer ("-9223372036854775809", &number));
    assert_false (is_integer ("1.0", &number));
    assert_false (is_integer ("1e3", &number));
    assert_false (is_integer ("\"1\"", &number));
    assert_false (is_integer ("-", &number));
}

static void
a_text_with_a_zero_is_not_taken (void **state)
{
    (void)state;
    json_scan_t scan = {0};
    problem_t problem = {0};
    char texts [32], *room = texts;
    json_scan_start (&scan, "\"a\\u0000b\"", 10, DEPTH);
    assert_null (json_scan_text (&scan, &room));
    assert_int_equal (json_scan_end (&scan, &problem), STATUS_BAD_JSON);
    assert_string_equal (problem.text, "line 1, column 2: \\u0000 is not taken here");
    json_scan_free (&scan);
}

static void
after_a_mistake_every_call_says_no (void **state)
{
    (void)state;
    json_scan_t scan = {0};
    json_span_t span;
    char texts [8], *room = texts;
    int64_t number;
    json_scan_start (&scan, "{\"a\" 1}", 7, DEPTH);
    assert_true (json_scan_enter_object (&scan));
    assert_false (json_scan_member (&scan, &span));
    assert_false (json_scan_member (&scan, &span));
    assert_false (json_scan_element (&scan));
    assert_false (json_scan_skip (&scan, &span));
    assert_false (json_scan_enter_object (&scan));
    assert_false (json_scan_enter_array (&scan));
    assert_false (json_scan_integer (&scan, &number));
    assert_null (json_scan_text (&scan, &room));
    assert_int_equal (json_scan_status (&scan, NULL), STATUS_BAD_JSON);
    assert_int_equal (json_scan_end (&scan, NULL), STATUS_BAD_JSON);
    json_scan_free (&scan);
}

//  Strings are looked through eight bytes at a time: wherever a byte stands, it is judged alike.
static void
each_byte_ends_a_string_or_does_not_wherever_it_stands (void **state)
{
    (void)state;
    char text [] = "\"plain and plain text\"";
    size_t size = sizeof (text) - 1;
    for (size_t at = 1; at < size - 1; at++) {
        char was = text [at];
        for (int byte = 0; byte < 256; byte++) {
            text [at] = (char)byte;
            bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            bool is_escape = byte == '\\' && strchr ("\"\\/bfnrt", text [at + 1]) && at + 2 < size;
            assert_int_equal (is_json (text, size, NULL), is_plain || is_escape);
        }
        text [at] = was;
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_is_json_is_taken),
        cmocka_unit_test (what_is_not_json_is_refused),
        cmocka_unit_test (a_name_that_comes_twice_in_one_object_is_refused),
        cmocka_unit_test (a_name_that_comes_twice_among_thousands_is_refused),
        cmocka_unit_test (nesting_has_a_limit),
        cmocka_unit_test (an_error_says_line_and_column),
        cmocka_unit_test (members_are_found_and_spans_are_verbatim),
        cmocka_unit_test (an_integer_fits_or_is_none),
        cmocka_unit_test (a_text_with_a_zero_is_not_taken),
        cmocka_unit_test (after_a_mistake_every_call_says_no),
        cmocka_unit_test (each_byte_ends_a_string_or_does_not_wherever_it_stands),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
