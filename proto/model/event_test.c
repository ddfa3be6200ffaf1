#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "proto/model/event.h"
#include "proto/model/event_id.h"
#include "proto/model/owned.h"

static const event_t whole = {
    .id = "e1",
    .given_id = "urn:1",
    .source = "https://kinto.example/v1",
    .type = "kinto.record.update",
    .subject = "/buckets/a/collections/b/records/c",
    .key = "c",
    .time = "2026-11-24T03:00:00.123Z",
    .content_type = "application/json",
    .data = (const uint8_t *)"{\"a\": 1}",
    .data_size = 8,
    .partition = -1,
};

static void
an_event_is_a_copy_that_lives_until_its_last_reference_goes (void **state)
{
    (void)state;
    char type [] = "a.b", data [] = "zero\0inside";
    event_t fields = whole;
    fields.type = type;
    fields.data = (const uint8_t *)data;
    fields.data_size = sizeof (data);
    event_t *event = event_new (&fields);
    memset (type, 'x', sizeof (type) - 1);
    memset (data, 'x', sizeof (data));

    event_t *again = event_ref (event);
    assert_ptr_equal (event, again);
    event_destroy (&event);
    assert_null (event);
    event_destroy (&event);
    assert_string_equal (again->type, "a.b");
    assert_memory_equal (again->data, "zero\0inside", sizeof (data));
    assert_int_equal (again->partition, -1);
    assert_true (event_size_bytes (again) > sizeof (event_t) + sizeof (data));
    event_destroy (&again);
}

static void
what_is_missing_is_empty_but_for_key_and_content_type (void **state)
{
    (void)state;
    OWNED (event) event_t *event = event_new (&(event_t){.subject = "/a", .key = ""});
    assert_string_equal (event->id, "");
    assert_string_equal (event->source, "");
    assert_string_equal (event->key, "/a");
    assert_string_equal (event->content_type, "application/json");
    assert_string_equal (event->causation, "");
    assert_false (event_has_cause (event));
    assert_null (event->data);
}

static void
an_event_is_given_its_place_once (void **state)
{
    (void)state;
    OWNED (event) event_t *event = event_new (&whole);
    event_set_place (event, 3, 0, 1000);  //  taken in, not stored yet
    event_set_place (event, 3, 17, 1000);
    assert_int_equal (event->partition, 3);
    assert_int_equal (event->seq, 17);
    assert_int_equal (event->accepted_ms, 1000);
}

static void *
take_and_give_back (void *context)
{
    for (int i = 0; i < 20000; i++) {
        event_t *event = event_ref (context);
        event_destroy (&event);
    }
    return NULL;
}

static void
references_are_counted_from_any_thread (void **state)
{
    (void)state;
    OWNED (event) event_t *event = event_new (&whole);
    pthread_t threads [4];
    for (int i = 0; i < 4; i++)
        assert_int_equal (pthread_create (&threads [i], NULL, take_and_give_back, event), 0);
    for (int i = 0; i < 4; i++)
        pthread_join (threads [i], NULL);
    assert_string_equal (event->id, "e1");
}

static void
one_id_says_the_same_only_with_the_same_contents (void **state)
{
    (void)state;
    event_t other = whole;
    other.time = "2030-01-01T00:00:00Z";  //  a repeat may be sent later
    other.source = "";
    assert_true (event_says_same (&whole, &other));
    other.type = "kinto.record.delete";
    assert_false (event_says_same (&whole, &other));
    other = whole;
    other.subject = "/buckets/z";
    assert_false (event_says_same (&whole, &other));
    other = whole;
    other.key = "d";
    assert_false (event_says_same (&whole, &other));
    other = whole;
    other.data_size--;
    assert_false (event_says_same (&whole, &other));
    other.data_size = 0;
    other.data = NULL;
    assert_false (event_says_same (&whole, &other));
    event_t nothing = other;
    assert_true (event_says_same (&nothing, &other));
}

static void
a_derived_id_is_a_repeat_whatever_else_it_says (void **state)
{
    (void)state;
    event_t one = whole, other = whole;
    one.id = other.id = "k_1";
    other.data_size = 1;
    other.type = "a.b";
    assert_true (event_says_same (&one, &other));
}

//  What is wrong with an event that differs in one field from a good one.
static void
refuse (event_t fields, status_t status, const char *name)
{
    limits_t limits = limits_default ();
    problem_t problem = {0};
    assert_int_equal (event_check (&fields, &limits, &problem), status);
    assert_int_equal (problem.status, status);
    assert_string_equal (problem.name, name);
    assert_memory_equal (problem.text, name, strlen (name));
}

#define REFUSE(field, value)                        \
    do {                                            \
        event_t fields_ = whole;                    \
        fields_.field = value;                      \
        refuse (fields_, STATUS_BAD_EVENT, #field); \
    } while (0)

static void
a_good_event_passes_and_so_does_the_least (void **state)
{
    (void)state;
    limits_t limits = limits_default ();
    assert_int_equal (event_check (&whole, &limits, NULL), STATUS_OK);
    event_t least = {.id = "e", .type = "a", .subject = "/", .time = "2026-11-24T03:00:00Z"};
    assert_int_equal (event_check (&least, &limits, NULL), STATUS_OK);
    event_t made = whole;
    char id [EVENT_ID_SIZE];
    made.id = id;
    event_id_make (1, id);
    assert_int_equal (event_check (&made, &limits, NULL), STATUS_OK);
    event_id_derive ("source", "given", id);
    assert_int_equal (event_check (&made, &limits, NULL), STATUS_OK);
}

static void
each_bad_field_is_named (void **state)
{
    (void)state;
    static char many [1100];
    memset (many, 'a', sizeof (many) - 1);

    REFUSE (id, "");
    REFUSE (id, NULL);
    REFUSE (id, "a.b");
    REFUSE (id, "é");
    REFUSE (id, many + sizeof (many) - 66);
    REFUSE (given_id, "a\nb");
    REFUSE (given_id, many);
    REFUSE (source, "\xed\xa0\x80");
    REFUSE (source, many);
    REFUSE (type, "");
    REFUSE (type, ".a");
    REFUSE (type, "a.");
    REFUSE (type, "a..b");
    REFUSE (type, "a b");
    REFUSE (type, "a.*");
    REFUSE (type, many);
    REFUSE (subject, "");
    REFUSE (subject, "/\xc0\xaf");
    REFUSE (subject, many);
    REFUSE (key, "\x7f");
    REFUSE (key, many);
    REFUSE (time, "");
    REFUSE (time, "yesterday");
    REFUSE (time, many);
    REFUSE (content_type, "text/\xc2\x85");
    REFUSE (content_type, many);
    REFUSE (causation, "a.b");
    REFUSE (causation, many + sizeof (many) - 66);
    REFUSE (root, "é");
    REFUSE (via, many);
    REFUSE (hops, -1);
    REFUSE (hops, EVENT_HOPS_MOST + 1);
    REFUSE (phase, (phase_t)2);
    REFUSE (data, NULL);
}

static void
data_larger_than_the_limit_is_too_large (void **state)
{
    (void)state;
    event_t fields = whole;
    limits_t limits = limits_default ();
    limits.event_bytes = 8;
    assert_int_equal (event_check (&fields, &limits, NULL), STATUS_OK);
    limits.event_bytes = 7;
    problem_t problem;
    assert_int_equal (event_check (&fields, &limits, &problem), STATUS_TOO_LARGE);
    assert_string_equal (problem.text, "data: 8 bytes are more than limits/event_bytes (7)");
}

//  Computed with Python's hashlib: these numbers are in every store.
static void
a_key_belongs_to_one_partition_for_ever (void **state)
{
    (void)state;
    assert_int_equal (event_partition ("a", 16), 14);
    assert_int_equal (event_partition ("/buckets/a", 16), 13);
    assert_int_equal (event_partition ("key-42", 16), 6);
    assert_int_equal (event_partition ("anything", 1), 0);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_event_is_a_copy_that_lives_until_its_last_reference_goes),
        cmocka_unit_test (what_is_missing_is_empty_but_for_key_and_content_type),
        cmocka_unit_test (an_event_is_given_its_place_once),
        cmocka_unit_test (references_are_counted_from_any_thread),
        cmocka_unit_test (one_id_says_the_same_only_with_the_same_contents),
        cmocka_unit_test (a_derived_id_is_a_repeat_whatever_else_it_says),
        cmocka_unit_test (a_good_event_passes_and_so_does_the_least),
        cmocka_unit_test (each_bad_field_is_named),
        cmocka_unit_test (data_larger_than_the_limit_is_too_large),
        cmocka_unit_test (a_key_belongs_to_one_partition_for_ever),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
