#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/core/matching.h"
#include "proto/model/random.h"

enum { SUBSCRIPTIONS = 300, EVENTS = 400, TEXT = 64 };

typedef struct {
    match_t *match;
    matching_node_t node;
    int found;
} candidate_t;

//  Few words, so that much matches; wildcards where they are wanted.
static void
make_path (random_t *random, char separator, bool is_pattern, char text [TEXT])
{
    static const char *const words [] = {"a", "b", "c", "*", "**"};
    size_t size = 0;
    if (separator == '/')
        text [size++] = '/';
    int segments = 1 + (int)(random_next (random) % 10);
    for (int i = 0; i < segments; i++) {
        const char *word = words [random_next (random) % (is_pattern ? 5 : 3)];
        size += (size_t)snprintf (text + size, TEXT - size, "%s%s", i ? (char [2]){separator} : "",
                                  word);
    }
}

static match_t *
make_match (random_t *random)
{
    char type [TEXT], subject [TEXT];
    make_path (random, '.', true, type);
    make_path (random, '/', true, subject);
    json_t *document = json_object ();
    if (random_next (random) % 8)
        json_object_set_new (document, "type", json_string (type));
    if (random_next (random) % 3)
        json_object_set_new (document, "subject", json_string (subject));
    if (random_next (random) % 6 == 0)
        json_object_set_new (document, "via", json_string (random_next (random) % 2 ? "S" : "T"));
    limits_t limits = limits_default ();
    match_t *match = match_new (document, &limits, NULL);
    assert_non_null (match);
    json_decref (document);
    return match;
}

static void
count (void *context, void *owner)
{
    (void)context;
    ((candidate_t *)owner)->found++;
}

static event_t *
make_event (random_t *random)
{
    char type [TEXT], subject [TEXT];
    make_path (random, '.', false, type);
    make_path (random, '/', false, subject);
    static const char *const vias [] = {"", "S", "U"};
    return event_new (&(event_t){.id = "e",
                                 .type = type,
                                 .subject = subject,
                                 .key = subject,
                                 .via = vias [random_next (random) % 3]});
}

static void
nobody_who_matches_is_missed_and_nobody_is_asked_twice (void **state)
{
    (void)state;
    random_t random = {.state = 3};
    matching_t *matching = matching_new ();
    static candidate_t candidates [SUBSCRIPTIONS];
    for (int i = 0; i < SUBSCRIPTIONS; i++) {
        candidates [i].match = make_match (&random);
        matching_add (matching, &candidates [i].node, candidates [i].match, &candidates [i]);
    }
    for (int i = 0; i < EVENTS; i++) {
        event_t *event = make_event (&random);
        matching_each (matching, event, count, NULL);
        match_data_t data = {.event = event};
        for (int c = 0; c < SUBSCRIPTIONS; c++) {
            bool is_wanted = match_asks (candidates [c].match, &data) == MATCH_YES;
            assert_in_range (candidates [c].found, is_wanted, 1);
            candidates [c].found = 0;
        }
        match_data_clear (&data);
        event_destroy (&event);
    }
    for (int i = 0; i < SUBSCRIPTIONS; i++) {
        matching_remove (matching, &candidates [i].node);
        match_destroy (&candidates [i].match);
    }
    matching_destroy (&matching);
}

//  10,000 that want other things are not even asked.
static void
those_that_start_otherwise_cost_nothing (void **state)
{
    (void)state;
    enum { OTHERS = 10000 };
    static candidate_t others [OTHERS];
    matching_t *matching = matching_new ();
    limits_t limits = limits_default ();
    for (int i = 0; i < OTHERS; i++) {
        json_t *document = json_pack (
            "{s:s, s:s++}", "type", "kinto.record.*", "subject", "/buckets/b",
            (char [8]){(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676), 0},
            "/**");
        others [i].match = match_new (document, &limits, NULL);
        json_decref (document);
        matching_add (matching, &others [i].node, others [i].match, &others [i]);
    }
    event_t *event = event_new (&(event_t){.id = "e",
                                           .type = "kinto.record.create",
                                           .subject = "/buckets/baaa/collections/c/records/r",
                                           .key = "k"});
    matching_each (matching, event, count, NULL);
    int asked = 0;
    for (int i = 0; i < OTHERS; i++)
        asked += others [i].found;
    assert_int_equal (asked, 1);
    event_destroy (&event);
    for (int i = 0; i < OTHERS; i++) {
        matching_remove (matching, &others [i].node);
        match_destroy (&others [i].match);
    }
    matching_destroy (&matching);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (nobody_who_matches_is_missed_and_nobody_is_asked_twice),
        cmocka_unit_test (those_that_start_otherwise_cost_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
