#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire/cursor.h"

#define CURSOR(bytes) \
    ((cursor_t){(const uint8_t *)(bytes), (const uint8_t *)(bytes) + sizeof (bytes) - 1})

typedef struct {
    const char *bytes;
    size_t size;
    item_kind_t kind;
    uint64_t number;
} form_t;

#define FORM(bytes, kind, number)               \
    {                                           \
        bytes, sizeof (bytes) - 1, kind, number \
    }

//  Every format of the specification.
static const form_t forms [] = {
    FORM ("\x00", ITEM_NUMBER, 0),
    FORM ("\x7f", ITEM_NUMBER, 127),
    FORM ("\xcc\xff", ITEM_NUMBER, 255),
    FORM ("\xcd\x01\x02", ITEM_NUMBER, 0x0102),
    FORM ("\xce\x01\x02\x03\x04", ITEM_NUMBER, 0x01020304),
    FORM ("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", ITEM_NUMBER, UINT64_MAX),
    FORM ("\xd0\x7f", ITEM_NUMBER, 127),
    FORM ("\xd1\x7f\xff", ITEM_NUMBER, INT16_MAX),
    FORM ("\xd2\x7f\xff\xff\xff", ITEM_NUMBER, INT32_MAX),
    FORM ("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", ITEM_NUMBER, INT64_MAX),
    FORM ("\xd0\x80", ITEM_NEGATIVE, 0x80),
    FORM ("\xd3\x80\0\0\0\0\0\0\0", ITEM_NEGATIVE, UINT64_C (1) << 63),
    FORM ("\xff", ITEM_NEGATIVE, 0),
    FORM ("\xe0", ITEM_NEGATIVE, 0),
    FORM ("\xc0", ITEM_NIL, 0),
    FORM ("\xc2", ITEM_FALSE, 0),
    FORM ("\xc3", ITEM_TRUE, 0),
    FORM ("\xca\0\0\0\0", ITEM_FLOAT, 0),
    FORM ("\xcb\0\0\0\0\0\0\0\0", ITEM_FLOAT, 0),
    FORM ("\xa0", ITEM_TEXT, 0),
    FORM ("\xa3"
          "abc",
          ITEM_TEXT, 3),
    FORM ("\xd9\x01x", ITEM_TEXT, 1),
    FORM ("\xda\0\x01x", ITEM_TEXT, 1),
    FORM ("\xdb\0\0\0\x01x", ITEM_TEXT, 1),
    FORM ("\xc4\x01x", ITEM_BYTES, 1),
    FORM ("\xc5\0\x01x", ITEM_BYTES, 1),
    FORM ("\xc6\0\0\0\x01x", ITEM_BYTES, 1),
    FORM ("\xc7\x01tx", ITEM_EXTENSION, 1),
    FORM ("\xc8\0\x01tx", ITEM_EXTENSION, 1),
    FORM ("\xc9\0\0\0\x01tx", ITEM_EXTENSION, 1),
    FORM ("\xd4t1", ITEM_EXTENSION, 0),
    FORM ("\xd5t12", ITEM_EXTENSION, 0),
    FORM ("\xd6t1234", ITEM_EXTENSION, 0),
    FORM ("\xd7t12345678", ITEM_EXTENSION, 0),
    FORM ("\xd8t1234567890123456", ITEM_EXTENSION, 0),
    FORM ("\x90", ITEM_LIST, 0),
    FORM ("\xdc\0\0", ITEM_LIST, 0),
    FORM ("\xdd\0\0\0\0", ITEM_LIST, 0),
    FORM ("\x80", ITEM_MAP, 0),
    FORM ("\xde\0\0", ITEM_MAP, 0),
    FORM ("\xdf\0\0\0\0", ITEM_MAP, 0),
};

//  The bytes in a block of their own, so that the sanitizer sees who reads beyond them.
static cursor_t
copy (const form_t *form, size_t size, uint8_t **block)
{
    *block = malloc (size ? size : 1);
    assert_non_null (*block);
    memcpy (*block, form->bytes, size);
    return (cursor_t){*block, *block + size};
}

static void
every_format_is_read (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (forms) / sizeof *forms; i++) {
        uint8_t *block;
        cursor_t cursor = copy (&forms [i], forms [i].size, &block);
        cursor_t skipped = cursor;
        item_t item;
        assert_true (cursor_next (&cursor, &item));
        assert_int_equal (item.kind, forms [i].kind);
        assert_true (item.number == forms [i].number);
        assert_int_equal (cursor_left (&cursor), 0);
        assert_true (cursor_skip (&skipped));
        assert_int_equal (cursor_left (&skipped), 0);
        free (block);
    }
}

static void
every_format_that_is_cut_is_refused (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (forms) / sizeof *forms; i++) {
        for (size_t size = 0; size < forms [i].size; size++) {
            uint8_t *block;
            item_t item;
            cursor_t cursor = copy (&forms [i], size, &block);
            assert_false (cursor_next (&cursor, &item));
            cursor = (cursor_t){block, block + size};
            assert_false (cursor_skip (&cursor));
            free (block);
        }
    }
}

static void
the_byte_that_is_no_format_is_refused (void **state)
{
    (void)state;
    item_t item;
    cursor_t cursor = CURSOR ("\xc1");
    assert_false (cursor_next (&cursor, &item));
}

static void
sizes_beyond_the_end_are_refused (void **state)
{
    (void)state;
    item_t item;
    cursor_t text = CURSOR ("\xdb\xff\xff\xff\xff"
                            "abc");
    assert_false (cursor_next (&text, &item));
    cursor_t extension = CURSOR ("\xc9\xff\xff\xff\xff"
                                 "abc");
    assert_false (cursor_next (&extension, &item));
}

static void
a_skip_passes_over_what_is_inside (void **state)
{
    (void)state;
    cursor_t cursor = CURSOR ("\x92\x82\xa1k\x91\xc0\x01\x92\x01\x02\x03"
                              "\x2a");
    item_t item;
    assert_true (cursor_skip (&cursor));
    assert_true (cursor_next (&cursor, &item));
    assert_int_equal (item.number, 42);
    assert_int_equal (cursor_left (&cursor), 0);
}

static void
a_skip_of_a_million_levels_takes_no_stack (void **state)
{
    (void)state;
    enum { LEVELS = 1000000 };
    uint8_t *bytes = malloc (LEVELS + 1);
    assert_non_null (bytes);
    memset (bytes, 0x91, LEVELS);
    bytes [LEVELS] = 0xc0;
    cursor_t cursor = {bytes, bytes + LEVELS + 1};
    assert_true (cursor_skip (&cursor));
    assert_int_equal (cursor_left (&cursor), 0);
    cursor = (cursor_t){bytes, bytes + LEVELS};
    assert_false (cursor_skip (&cursor));
    free (bytes);
}

static void
a_skip_of_more_items_than_bytes_ends_at_once (void **state)
{
    (void)state;
    cursor_t list = CURSOR ("\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff");
    assert_false (cursor_skip (&list));
    cursor_t map = CURSOR ("\xdf\xff\xff\xff\xff\x01");
    assert_false (cursor_skip (&map));
}

static void
every_kind_has_a_name (void **state)
{
    (void)state;
    for (int kind = ITEM_NIL; kind <= ITEM_EXTENSION; kind++)
        assert_true (strlen (item_kind_name ((item_kind_t)kind)) >= 3);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_format_is_read),
        cmocka_unit_test (every_format_that_is_cut_is_refused),
        cmocka_unit_test (the_byte_that_is_no_format_is_refused),
        cmocka_unit_test (sizes_beyond_the_end_are_refused),
        cmocka_unit_test (a_skip_passes_over_what_is_inside),
        cmocka_unit_test (a_skip_of_a_million_levels_takes_no_stack),
        cmocka_unit_test (a_skip_of_more_items_than_bytes_ends_at_once),
        cmocka_unit_test (every_kind_has_a_name),
    };
    return cmocka_run_group_tests_name ("cursor", tests, NULL, NULL);
}
