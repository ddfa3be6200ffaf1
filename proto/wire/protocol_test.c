//  PROTOCOL.md says what the codec does: every command, every member, and its examples.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/allocate.h"
#include "proto/wire/field.h"

enum { MOST_BYTES = 1000 };

//  The page, from the folder of this file.
static int
setup (void **state)
{
    char path [1000];
    snprintf (path, sizeof (path), "%s", __FILE__);
    char *slash = strrchr (path, '/');
    assert_non_null (slash);
    strcpy (slash + 1, "PROTOCOL.md");
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    char *text = allocate (1, 1 << 20);
    assert_true (fread (text, 1, (1 << 20) - 1, file) > 0);
    fclose (file);
    *state = text;
    return 0;
}

static int
teardown (void **state)
{
    free (*state);
    return 0;
}

static void
expect_said (const char *page, const char *text)
{
    if (!strstr (page, text))
        fail_msg ("PROTOCOL.md does not say %s", text);
}

static void
expect_members (const char *page, const record_t *record)
{
    for (size_t i = 0; i < record->count; i++) {
        char name [100];
        snprintf (name, sizeof (name), "`%s`", record->fields [i].key);
        expect_said (page, name);
        if (record->fields [i].of)
            expect_members (page, record->fields [i].of);
        const words_t *words = record->fields [i].words;
        for (unsigned word = 0; words && words->unknown < 0 && word < words->count; word++) {
            snprintf (name, sizeof (name), "`%s`", words->name (word));
            expect_said (page, name);
        }
    }
}

static void
every_command_and_member_is_specified (void **state)
{
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        const record_t *record = record_of_command (byte);
        if (!record)
            continue;
        char rule [100];
        snprintf (rule, sizeof (rule), "\n%-12s = %%x%02X", record->name, byte);
        expect_said (*state, rule);
        expect_members (*state, record);
    }
}

//  "01 41 | 80" to bytes; how many.
static size_t
read_hex (const char *line, uint8_t bytes [MOST_BYTES])
{
    size_t size = 0;
    unsigned byte;
    for (; size < MOST_BYTES && *line != '\n'; line++) {
        if (sscanf (line, "%2x", &byte) == 1 && line [0] != ' ' && line [0] != '|') {
            bytes [size++] = (uint8_t)byte;
            line++;
        }
    }
    return size;
}

static void
check_example (const uint8_t *bytes, size_t size)
{
    limits_t limits = limits_default ();
    message_t message;
    problem_t problem;
    if (message_decode (&message, bytes, 2, bytes + 2, size - 2, &limits, &problem))
        fail_msg ("%s", problem.text);
    uint8_t *again;
    size_t again_size;
    message_encode (&message, &again, &again_size);
    assert_int_equal (again_size, size - 2);
    assert_memory_equal (again, bytes + 2, again_size);
    free (again);
    message_clear (&message);
}

static void
every_example_is_a_message (void **state)
{
    static const char start [] = "\n    01 ";
    size_t count = 0;
    for (const char *at = *state; (at = strstr (at, start)); at++) {
        uint8_t bytes [MOST_BYTES];
        check_example (bytes, read_hex (at + sizeof (start) - 1 - 3, bytes));
        count++;
    }
    assert_true (count >= 5);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (every_command_and_member_is_specified),
        cmocka_unit_test (every_example_is_a_message),
    };
    return cmocka_run_group_tests_name ("protocol", tests, setup, teardown);
}
