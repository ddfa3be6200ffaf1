#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/event_id.h"

static void
a_plain_id_has_its_letters_and_was_not_derived (void **state)
{
    (void)state;
    static const char *const plain [] = {
        "a", "A-z_09", "e",
        "k", "e-1",    "kk_",
        "-", "_e_",    "0123456789012345678901234567890123456789012345678901234567890123"};
    static const char *const others [] = {
        "",      "a.b",
        "a b",   "é",
        "e_",    "e_1",
        "k_abc", "r_1",
        "a\n",   "01234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof (plain) / sizeof (*plain); i++)
        assert_true (event_id_is_plain (plain [i]));
    for (size_t i = 0; i < sizeof (others) / sizeof (*others); i++)
        assert_false (event_id_is_plain (others [i]));
    assert_true (event_id_is_derived ("e_1"));
    assert_true (event_id_is_derived ("k_1"));
    assert_true (event_id_is_derived ("r_1"));
    assert_false (event_id_is_derived (""));
    assert_false (event_id_is_derived ("e"));
}

//  Computed with Python's hashlib and base64: the plug-in for Kinto must come to the same.
static void
derived_ids_are_what_they_have_always_been (void **state)
{
    (void)state;
    char id [EVENT_ID_SIZE];
    event_id_derive ("https://kinto.example/v1", "change-1", id);
    assert_string_equal (id, "e_4gqdkexrf2hgytf5cflhxw7skdmkkajq");
    event_id_of_result ("https://kinto.example/v1", "change-1", id);
    assert_string_equal (id, "r_4gqdkexrf2hgytf5cflhxw7skdmkkajq");
    event_id_of_kinto ("https://kinto.example/v1", "/buckets/a/collections/b/records/c", "update",
                       1795489200123, id);
    assert_string_equal (id, "k_01k85nttvrpmu32ozwftepmb6i");
}

static void
source_and_id_are_kept_apart (void **state)
{
    (void)state;
    char one [EVENT_ID_SIZE], other [EVENT_ID_SIZE];
    event_id_derive ("a", "bc", one);
    event_id_derive ("ab", "c", other);
    assert_string_not_equal (one, other);
    event_id_of_kinto ("a", "b", "c", 1, one);
    event_id_of_kinto ("a", "bc", "", 1, other);
    assert_string_not_equal (one, other);
}

static void
ids_of_kinto_sort_by_time (void **state)
{
    (void)state;
    char last [EVENT_ID_SIZE], id [EVENT_ID_SIZE];
    event_id_of_kinto ("s", "/a", "create", 0, last);
    for (int64_t ms = 1; ms < (int64_t)1 << 50; ms = 3 * ms + 1) {
        event_id_of_kinto ("s", "/a", "create", ms, id);
        assert_int_equal (strlen (id), 28);
        assert_true (strcmp (last, id) < 0);
        memcpy (last, id, sizeof (last));
    }
}

static void
check_uuid (const char *id)
{
    static const char form [] = "xxxxxxxx-xxxx-7xxx-yxxx-xxxxxxxxxxxx";
    assert_int_equal (strlen (id), sizeof (form) - 1);
    for (size_t i = 0; form [i]; i++) {
        const char *letters = form [i] == 'x'   ? "0123456789abcdef"
                              : form [i] == 'y' ? "89ab"
                                                : (char []){form [i], 0};
        assert_non_null (strchr (letters, id [i]));
    }
}

static void
made_ids_are_uuids_and_rise_even_when_the_clock_falls (void **state)
{
    (void)state;
    char last [EVENT_ID_SIZE], id [EVENT_ID_SIZE];
    event_id_make (1795489200123, last);
    assert_memory_equal (last, "01a20b7e-f7fb", 13);
    for (int i = 0; i < 10000; i++) {
        event_id_make (1795489200123 - i % 3, id);
        check_uuid (id);
        assert_true (strcmp (last, id) < 0);
        memcpy (last, id, sizeof (last));
    }
    event_id_make (1895489200123, id);
    assert_true (strcmp (last, id) < 0);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_plain_id_has_its_letters_and_was_not_derived),
        cmocka_unit_test (derived_ids_are_what_they_have_always_been),
        cmocka_unit_test (source_and_id_are_kept_apart),
        cmocka_unit_test (ids_of_kinto_sort_by_time),
        cmocka_unit_test (made_ids_are_uuids_and_rise_even_when_the_clock_falls),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
