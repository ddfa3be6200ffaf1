#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/json_pointer.h"
#include "proto/model/owned_json.h"
#include "proto/model/template.h"

enum { MOST = 4096 };

static const char data [] =
    "{\"new\": {\"title\": \"Caf\xc3\xa9 & \\\"co\\\"/..\\r\\nX: 1\", \"n\": 7, \"f\": 0.1, \"t\": "
    "1795488000.123456, \"yes\": true, \"nil\": null, \"list\": [1, {\"a\": \"b\"}], \"empty\": \"\","
    " \"up\": \"..\", \"dot\": \".\", \"a/b\": \"slash\", \"m~n\": \"tilde\", \"path\": \"/x/y\"}}";

static template_facts_t
facts_new (void)
{
    event_t *event = event_new (&(event_t){.id = "e1",
                                           .source = "https://kinto.example/v1",
                                           .type = "kinto.record.update",
                                           .subject = "/buckets/b/records/1",
                                           .time = "2026-11-24T03:00:00Z",
                                           .data = (const uint8_t *)data,
                                           .data_size = sizeof data - 1});
    event_set_place (event, 3, 17, 0);
    return (template_facts_t){.data = {.event = event}, .subscription = "S"};
}

static void
facts_clear (template_facts_t *facts)
{
    event_t *event = (event_t *)(uintptr_t)facts->data.event;
    match_data_clear (&facts->data);
    event_destroy (&event);
}

static void
expect (template_place_t place, const char *text, const char *filled)
{
    template_facts_t facts = facts_new ();
    problem_t problem = {0};
    size_t size = 0;
    assert_int_equal (
        template_check (text, &(template_where_t){.place = place, .at = "it"}, &problem),
        STATUS_OK);
    char *made = template_fill (text, place, &facts, MOST, &size, &problem);
    assert_string_equal (made ? made : problem.text, filled);
    free (made);
    facts_clear (&facts);
}

static void
expect_refused (template_place_t place, const char *text, const char *sentence)
{
    problem_t problem = {0};
    const template_where_t where = {.place = place, .at = "it"};
    assert_int_equal (template_check (text, &where, &problem), STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.text, sentence);
    assert_string_equal (problem.name, "it");
}

static void
expect_json (const char *document, const char *filled)
{
    template_facts_t facts = facts_new ();
    OWNED (json) json_t *result = json_pack ("{s:i}", "count", 3);
    facts.result = result;
    problem_t problem = {0};
    OWNED (json) json_t *json = json_loads (document, JSON_DECODE_ANY, NULL);
    const template_where_t where = {.has_result = true, .at = "it"};
    assert_int_equal (template_check_json (json, &where, &problem), STATUS_OK);
    OWNED (json) json_t *made = template_fill_json (json, &facts, MOST, &problem);
    char *text = made ? json_dumps (made, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    assert_string_equal (text ? text : problem.text, filled);
    free (text);
    facts_clear (&facts);
}

static void
attributes_and_places_in_the_data_are_put_in (void **state)
{
    (void)state;
    expect (TEMPLATE_TEXT, "", "");
    expect (TEMPLATE_TEXT, "nothing to fill", "nothing to fill");
    expect (TEMPLATE_TEXT, "{id} {type} {source} {subject} {key} {time} {phase} {content_type}",
            "e1 kinto.record.update https://kinto.example/v1 /buckets/b/records/1 "
            "/buckets/b/records/1 2026-11-24T03:00:00Z post application/json");
    expect (TEMPLATE_TEXT, "{partition}.{seq} for {subscription}", "3.17 for S");
    expect (TEMPLATE_TEXT, "{causation}{via}{hops} {root}", "0 e1");
    expect (TEMPLATE_TEXT, "{/new/n}|{data/new/f}|{/new/yes}|{/new/list}|{/new/list/1/a}",
            "7|0.1|true|[1,{\"a\":\"b\"}]|b");
    expect (TEMPLATE_TEXT, "{/new/t}", "1795488000.123456");
    expect (TEMPLATE_TEXT, "{/new/a~1b} {/new/m~0n}", "slash tilde");
}

static void
what_is_not_there_is_empty_or_its_default (void **state)
{
    (void)state;
    expect (TEMPLATE_TEXT, "<{/none}{/new/nil}{/new/list/9}{/new/list/-}{/new/n/x}>", "<>");
    expect (TEMPLATE_TEXT, "{/none|un|titled}{/new/nil|nil}{/new/n|0}", "un|titlednil7");
    expect (TEMPLATE_HEADER, "{/none|a b}", "a b");
}

static void
doubled_braces_are_braces (void **state)
{
    (void)state;
    expect (TEMPLATE_TEXT, "{{{/new/n}}} {{id}}", "{7} {id}");
}

static void
a_value_is_escaped_for_where_it_stands (void **state)
{
    (void)state;
    expect (TEMPLATE_TEXT, "{/new/title}", "Caf\xc3\xa9 & \"co\"/..\r\nX: 1");
    expect (TEMPLATE_HEADER, "{/new/title}", "Caf\xc3\xa9 & \"co\"/..  X: 1");
    expect (TEMPLATE_JSON, "\"{/new/title}\"", "\"Caf\xc3\xa9 & \\\"co\\\"/..\\u000d\\u000aX: 1\"");
    expect (TEMPLATE_URL, "https://c.example/{/new/title}?q={/new/title}#{type}",
            "https://c.example/Caf%C3%A9%20%26%20%22co%22%2F..%0D%0AX%3A%201"
            "?q=Caf%C3%A9%20%26%20%22co%22%2F..%0D%0AX%3A%201#kinto.record.update");
    expect (TEMPLATE_URL, "https://c.example/a{+subject}",
            "https://c.example/a/buckets/b/records/1");
    expect (TEMPLATE_URL, "https://c.example/a/{+/new/path}", "https://c.example/a//x/y");
}

static void
a_value_never_leads_to_another_place (void **state)
{
    (void)state;
    expect (TEMPLATE_URL, "https://c.example/{/none}/x",
            "the URL has no {/none}: the event lacks it, and there is no default");
    expect (TEMPLATE_URL, "https://c.example/{/new/empty}/x",
            "the URL has no {/new/empty}: the event lacks it, and there is no default");
    expect (TEMPLATE_URL, "https://c.example/{/none|0}/x{/none|}?q={/none}",
            "https://c.example/0/x?q=");
    expect (TEMPLATE_URL, "https://c.example/a/{/new/up}/b",
            "the URL would have a path with . or .. in it: https://c.example/a/../b");
    expect (TEMPLATE_URL, "https://c.example/{/new/dot}{/new/dot}?{/new/up}",
            "the URL would have a path with . or .. in it: https://c.example/..?..");
    expect (TEMPLATE_URL, "https://c.example/%2E{/new/dot}",
            "the URL would have a path with . or .. in it: https://c.example/%2E.");
    expect (TEMPLATE_URL, "https://c.example/x?{/new/up}/..", "https://c.example/x?../..");
    expect_refused (
        TEMPLATE_URL, "https://{/host}/x",
        "it: scheme, host and port stand fast; slots are for what comes behind them, as in "
        "https://consumer.example/{type}");
    expect_refused (
        TEMPLATE_URL, "https://c.example:{/port}/{id}",
        "it: scheme, host and port stand fast; slots are for what comes behind them, as in "
        "https://consumer.example/{type}");
    expect_refused (
        TEMPLATE_URL, "{/url}",
        "it: scheme, host and port stand fast; slots are for what comes behind them, as in "
        "https://consumer.example/{type}");
    expect_refused (TEMPLATE_URL, "https://c.example/a/../{id}",
                    "it: a path with . or .. in it cannot have slots; write where it leads");
}

static void
what_is_no_template_is_refused_with_its_place (void **state)
{
    (void)state;
    expect_refused (TEMPLATE_TEXT, "a {id",
                    "it: at byte 2: a { without its }; for the character itself write {{");
    expect_refused (TEMPLATE_TEXT, "a } b",
                    "it: at byte 2: a } that ends nothing; for the character itself write }}");
    expect_refused (
        TEMPLATE_TEXT, "{titel}",
        "it: at byte 0: \"titel\" is nothing an event has; there are id, source, type, "
        "subject, key, time, phase, content_type, partition, seq, causation, root, via, "
        "hops, subscription, or a place in the data as in {/new/title}");
    expect_refused (
        TEMPLATE_TEXT, "{}",
        "it: at byte 0: \"\" is nothing an event has; there are id, source, type, "
        "subject, key, time, phase, content_type, partition, seq, causation, root, via, "
        "hops, subscription, or a place in the data as in {/new/title}");
    expect_refused (
        TEMPLATE_TEXT, "{/a~2}",
        "it: at byte 0: \"/a~2\" is no JSON Pointer; ~ is written ~0, and / in a name ~1");
    expect_refused (TEMPLATE_TEXT, "{+id}", "it: at byte 0: {+…} is for URLs; leave out the +");
}

static void
no_template_grows_beyond_its_limit (void **state)
{
    (void)state;
    char many [5000];
    memset (many, 'x', sizeof many);
    memcpy (many + sizeof many - 5, "{id}", 5);
    expect (TEMPLATE_TEXT, many, "filled, the template is larger than 4096 bytes");
    OWNED (json) json_t *list = json_array ();
    for (int i = 0; i < 1000; i++)
        json_array_append_new (list, json_string ("{data}"));
    char *document = json_dumps (list, 0);
    expect_json (document, "filled, the template is larger than 4096 bytes");
    free (document);
}

static void
a_string_of_a_document_that_is_one_slot_takes_its_type (void **state)
{
    (void)state;
    expect_json ("{\"n\": \"{/new/n}\", \"text\": \"{/new/n}.\", \"list\": [\"{/new/list}\", true],"
                 " \"deep\": {\"none\": \"{/none}\", \"or\": \"{/none|x}\", \"seq\": \"{seq}\"},"
                 " \"id\": \"{id}\", \"{id}\": 1, \"count\": \"{result/count}\"}",
                 "{\"n\":7,\"text\":\"7.\",\"list\":[[1,{\"a\":\"b\"}],true],"
                 "\"deep\":{\"none\":null,\"or\":\"x\",\"seq\":17},\"id\":\"e1\",\"{id}\":1,"
                 "\"count\":3}");
    expect_json ("\"{/new/yes}\"", "true");
    expect_json ("5", "5");
}

static void
a_document_is_refused_with_the_place_in_it (void **state)
{
    (void)state;
    problem_t problem = {0};
    OWNED (json) json_t *json = json_loads ("{\"a\": [1, {\"b\": \"{result}\"}]}", 0, NULL);
    const template_where_t where = {.at = "deliver.body"};
    assert_int_equal (template_check_json (json, &where, &problem), STATUS_BAD_SUBSCRIPTION);
    assert_string_equal (problem.name, "deliver.body.a[1].b");
}

static void
a_pointer_is_one_of_the_rfc (void **state)
{
    (void)state;
    OWNED (json)
    json_t *value = json_loads ("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2,"
                                " \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}",
                                0, NULL);
    static const struct {
        const char *pointer, *found;
    } all [] = {
        {"/foo/0", "\"bar\""}, {"/", "0"},       {"/a~1b", "1"},  {"/c%d", "2"},
        {"/k\"l", "6"},        {"/ ", "7"},      {"/m~0n", "8"},  {"/foo/00", NULL},
        {"/foo/2", NULL},      {"/foo/-", NULL}, {"/foo/", NULL}, {"/foo/0/x", NULL},
        {"foo", NULL},         {"/m~n", NULL},   {"/~", NULL},    {"/foo/99999999999", NULL}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const json_t *found = json_pointer_get (value, all [i].pointer, strlen (all [i].pointer));
        char *text = found ? json_dumps (found, JSON_ENCODE_ANY) : NULL;
        assert_string_equal (text ? text : "", all [i].found ? all [i].found : "");
        free (text);
    }
    assert_ptr_equal (json_pointer_get (value, "", 0), value);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (attributes_and_places_in_the_data_are_put_in),
        cmocka_unit_test (what_is_not_there_is_empty_or_its_default),
        cmocka_unit_test (doubled_braces_are_braces),
        cmocka_unit_test (a_value_is_escaped_for_where_it_stands),
        cmocka_unit_test (a_value_never_leads_to_another_place),
        cmocka_unit_test (what_is_no_template_is_refused_with_its_place),
        cmocka_unit_test (no_template_grows_beyond_its_limit),
        cmocka_unit_test (a_string_of_a_document_that_is_one_slot_takes_its_type),
        cmocka_unit_test (a_document_is_refused_with_the_place_in_it),
        cmocka_unit_test (a_pointer_is_one_of_the_rfc),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
