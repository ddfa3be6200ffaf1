#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/model/utf8.h"

//  The definition, spelt out: decode, then ask what was decoded.
static size_t
length_by_definition (const uint8_t *bytes, size_t size)
{
    static const uint32_t least [] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes [0] < 0x80             ? 1
                    : (bytes [0] & 0xe0) == 0xc0 ? 2
                    : (bytes [0] & 0xf0) == 0xe0 ? 3
                    : (bytes [0] & 0xf8) == 0xf0 ? 4
                                                 : 0;
    if (length == 0 || length > size)
        return 0;
    uint32_t code = length == 1 ? bytes [0] : bytes [0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes [i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes [i] & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least [length] || code > 0x10ffff || is_surrogate ? 0 : length;
}

static void
every_start_of_three_bytes_is_judged_as_the_definition_says (void **state)
{
    (void)state;
    uint8_t bytes [4] = {0};
    static const uint8_t lasts [] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
    for (uint32_t start = 0; start < 1 << 16; start++)
        for (size_t i = 0; i < 36; i++) {
            bytes [0] = (uint8_t)(start >> 8);
            bytes [1] = (uint8_t)start;
            bytes [2] = lasts [i / 6];
            bytes [3] = lasts [i % 6];
            for (size_t size = 1; size <= 4; size++)
                assert_int_equal (utf8_character ((const char *)bytes, size),
                                  length_by_definition (bytes, size));
        }
    assert_int_equal (utf8_character ("", 0), 0);
}

static void
text_has_no_control_characters (void **state)
{
    (void)state;
    static const char *const good [] = {"", "a b", "żółw", "\xc2\xa0", "\xf0\x9f\x94\x94"};
    static const char *const bad [] = {"a\n",      "\t",      "\x7f", "\xc2\x80",
                                       "\xc2\x9f", "\x1b[2J", "\xff"};
    for (size_t i = 0; i < sizeof (good) / sizeof (*good); i++)
        assert_true (utf8_is_text (good [i], strlen (good [i])));
    for (size_t i = 0; i < sizeof (bad) / sizeof (*bad); i++)
        assert_false (utf8_is_text (bad [i], strlen (bad [i])));
    assert_false (utf8_is_text ("a\0b", 3));
}

static void
each_byte_of_a_long_text_is_looked_at (void **state)
{
    (void)state;
    char text [] = "plain and plain text";
    for (size_t at = 0; at < sizeof (text) - 1; at++) {
        char was = text [at];
        for (int byte = 0; byte < 256; byte++) {
            text [at] = (char)byte;
            assert_int_equal (utf8_is_text (text, sizeof (text) - 1), byte >= 0x20 && byte < 0x7f);
        }
        text [at] = was;
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_start_of_three_bytes_is_judged_as_the_definition_says),
        cmocka_unit_test (text_has_no_control_characters),
        cmocka_unit_test (each_byte_of_a_long_text_is_looked_at),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
