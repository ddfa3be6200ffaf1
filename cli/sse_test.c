//  sse_test – events from bytes, wherever they are cut.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/sse.h"
#include "proto/model/owned.h"

typedef struct {
    char text [400];  //  of all events, a line each
    int most;         //  so many are wanted; 0: all
    int count;
} heard_t;

static bool
note (void *context, const sse_event_t *event)
{
    heard_t *self = context;
    size_t size = strlen (self->text);
    snprintf (self->text + size, sizeof self->text - size, "[%s] %s\n", event->name, event->data);
    return ++self->count != self->most;
}

static const char stream [] = ": hello\n"
                              "id: 0:7\n\n"
                              "id: 0:8\ndata: {\"a\":\ndata: 1}\n\n"
                              "id: 0:9\r\nevent: tocsin.gap\r\ndata: {}\r\n\r\n"
                              "id: 0:10\ndata: cut off\n";

static void
events_come_whole_wherever_the_bytes_are_cut (void **state)
{
    (void)state;
    for (size_t part = 1; part <= sizeof stream; part++) {
        heard_t heard = {0};
        OWNED (sse) sse_t *sse = sse_new (note, &heard);
        for (size_t at = 0; at < sizeof stream - 1; at += part) {
            size_t left = sizeof stream - 1 - at;
            assert_true (sse_hear (sse, stream + at, left < part ? left : part));
        }
        assert_string_equal (heard.text, "[] {\"a\": 1}\n[tocsin.gap] {}\n");
        assert_string_equal (sse_place (sse), "0:9");
    }
}

static void
what_was_cut_off_comes_again (void **state)
{
    (void)state;
    heard_t heard = {0};
    OWNED (sse) sse_t *sse = sse_new (note, &heard);
    sse_set_place (sse, "0:6");
    sse_hear (sse, "id: 0:8\nevent: x\ndata: ha", 24);
    sse_cut (sse);
    assert_string_equal (sse_place (sse), "0:6");
    sse_hear (sse, "id: 0:8\ndata: whole\n\n\n", 22);
    assert_string_equal (heard.text, "[] whole\n");
    assert_string_equal (sse_place (sse), "0:8");
}

static void
who_wants_no_more_hears_no_more (void **state)
{
    (void)state;
    heard_t heard = {.most = 1};
    OWNED (sse) sse_t *sse = sse_new (note, &heard);
    assert_false (sse_hear (sse, stream, sizeof stream - 1));
    assert_string_equal (heard.text, "[] {\"a\": 1}\n");
    assert_string_equal (sse_place (sse), "0:8");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (events_come_whole_wherever_the_bytes_are_cut),
        cmocka_unit_test (what_was_cut_off_comes_again),
        cmocka_unit_test (who_wants_no_more_hears_no_more),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
