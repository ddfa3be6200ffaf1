#include "broker/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model/owned.h"

static char *
written (const transcript_t *transcript)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream (&text, &size);
    transcript_write (transcript, file);
    fclose (file);
    return text;
}

static void
an_input_is_one_line_with_what_matters (void **state)
{
    (void)state;
    OWNED (transcript) transcript_t *transcript = transcript_new ("");
    settle_t settle = {.lease = 12};
    input_t input = {.kind = INPUT_SETTLE, .peer = 3, .session = 99};
    input.settle.settles = &settle;
    input.settle.count = 1;
    transcript_note (transcript, &input, 1000);
    input = (input_t){.kind = INPUT_NOT_PERSISTED};
    input.not_persisted.from_ticket = 7;
    input.not_persisted.status = STATUS_FULL;
    transcript_note (transcript, &input, 1001);
    input = (input_t){.kind = INPUT_HELLO, .peer = 3};
    input.hello.name = "worker-1";
    transcript_note (transcript, &input, 1002);

    char *text = written (transcript);
    assert_string_equal (text, "1000 > SETTLE p3 s99 12 count 1\n"
                               "1001 > NOT_PERSISTED 7 FULL\n"
                               "1002 > HELLO p3 worker-1\n");
    free (text);
}

static void
only_the_last_ones_are_kept (void **state)
{
    (void)state;
    OWNED (transcript) transcript_t *transcript = transcript_new ("");
    for (int64_t ms = 1; ms <= 1000; ms++)
        transcript_note (transcript, &(input_t){.kind = INPUT_TICK}, ms);
    char *text = written (transcript);
    size_t lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal (lines, 200);
    assert_memory_equal (text, "801 > TICK\n", strlen ("801 > TICK\n"));
    free (text);
}

static void
a_long_name_is_cut (void **state)
{
    (void)state;
    OWNED (transcript) transcript_t *transcript = transcript_new ("");
    char name [512];
    memset (name, 'x', sizeof name - 1);
    name [sizeof name - 1] = 0;
    input_t input = {.kind = INPUT_HELLO};
    input.hello.name = name;
    transcript_note (transcript, &input, 1);
    char *text = written (transcript);
    assert_true (strlen (text) < 100);
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_input_is_one_line_with_what_matters),
        cmocka_unit_test (only_the_last_ones_are_kept),
        cmocka_unit_test (a_long_name_is_cut),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
