//  What a peer may not say, and what it is told then. Bodies are packed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include "proto/model/allocate.h"
#include "proto/wire/sample.h"

static const limits_t *standard;

static int
setup (void **state)
{
    (void)state;
    static limits_t limits;
    limits = limits_default ();
    standard = &limits;
    return 0;
}

static status_t
decode (command_t command, const void *bytes, size_t size, const limits_t *limits,
        message_t *message, problem_t *problem)
{
    const uint8_t head [] = {WIRE_VERSION, (uint8_t)command};
    uint8_t *copy = allocate_bytes (bytes, size);
    *problem = (problem_t){0};
    status_t status = message_decode (message, head, sizeof (head), copy, size, limits, problem);
    free (copy);
    return status;
}

static void
expect_refused (command_t command, const void *bytes, size_t size, const limits_t *limits,
                status_t status, const char *text)
{
    message_t message;
    problem_t problem;
    status_t got = decode (command, bytes, size, limits, &message, &problem);
    assert_int_equal (got, status);
    assert_string_equal (problem.text, text);
    assert_int_equal (problem.status, status);
    assert_null (message.arena);
    assert_int_equal (message.event_count, 0);
}

//  Bytes written as a literal.
#define REFUSED(command, bytes, status, text) \
    expect_refused (COMMAND_##command, bytes, sizeof (bytes) - 1, standard, STATUS_##status, text)

static void
a_command_frame_is_version_and_command (void **state)
{
    (void)state;
    static const struct {
        const char *head;
        size_t size;
        const char *text;
    } heads [] = {
        {"", 0, "a command frame has 2 bytes, version and command; this has 0"},
        {"\1", 1, "a command frame has 2 bytes, version and command; this has 1"},
        {"\1\x41\0", 3, "a command frame has 2 bytes, version and command; this has 3"},
        {"\2\x41", 2,
         "this is version 2 of the protocol, here version 1 is spoken: run the same release on all nodes"},
        {"\1\0", 2, "there is no command 0x00: see PROTOCOL.md"},
        {"\1\xff", 2, "there is no command 0xff: see PROTOCOL.md"},
    };
    for (size_t i = 0; i < sizeof (heads) / sizeof *heads; i++) {
        message_t message;
        problem_t problem;
        assert_int_equal (message_decode (&message, (const uint8_t *)heads [i].head, heads [i].size,
                                          (const uint8_t *)"\x80", 1, standard, &problem),
                          STATUS_BAD_MESSAGE);
        assert_string_equal (problem.text, heads [i].text);
    }
}

static void
a_body_is_one_map (void **state)
{
    (void)state;
    REFUSED (HEARTBEAT, "", BAD_MESSAGE,
             "HEARTBEAT: the bytes end too early, or are no MessagePack");
    REFUSED (HEARTBEAT, "\x90", BAD_MESSAGE, "HEARTBEAT: a map was expected, this is a list");
    REFUSED (HEARTBEAT, "\xc0", BAD_MESSAGE, "HEARTBEAT: a map was expected, this is nil");
    REFUSED (HEARTBEAT, "\x80\x80", BAD_MESSAGE, "HEARTBEAT: 1 bytes follow after the map");
}

static void
what_is_needed_is_missed (void **state)
{
    (void)state;
    REFUSED (PUBLISH, "\x80", BAD_MESSAGE, "PUBLISH: `request` is missing");
    REFUSED (PUBLISH, "\x81\xa7request\x01", BAD_MESSAGE, "PUBLISH: `events` is missing");
    REFUSED (SETTLED, "\x82\xa7session\x01\xa6leases\x90", BAD_MESSAGE,
             "SETTLED: leases: it is empty");
    REFUSED (PUBLISH,
             "\x82\xa7request\x01\xa6"
             "events\x91\x80",
             BAD_MESSAGE, "PUBLISH: events[0]: `id` is missing");
}

static void
a_key_may_come_once (void **state)
{
    (void)state;
    REFUSED (BYE, "\x82\xa7session\x01\xa7session\x01", BAD_MESSAGE, "BYE: `session` comes twice");
    REFUSED (PUBLISH,
             "\x82\xa7request\x01\xa6"
             "events\x91\x82\xa2id\xa1"
             "a\xa2id\xa1"
             "b",
             BAD_MESSAGE, "PUBLISH: events[0]: `id` comes twice");
}

static void
a_member_has_one_kind (void **state)
{
    (void)state;
    REFUSED (BYE, "\x81\xa7session\xa1x", BAD_MESSAGE,
             "BYE: session: a number was expected, this is a text");
    REFUSED (BYE, "\x81\xa7session\xff", BAD_MESSAGE,
             "BYE: session: a number was expected, this is a number below 0");
    REFUSED (BYE, "\x81\xa7session\xcb\0\0\0\0\0\0\0\0", BAD_MESSAGE,
             "BYE: session: a number was expected, this is a float");
    REFUSED (HELLO, "\x81\xa4name\xc4\1w", BAD_MESSAGE,
             "HELLO: name: a text was expected, this is bytes");
    REFUSED (HELLO,
             "\x82\xa4name\xa1w\xa7"
             "actions\x80",
             BAD_MESSAGE, "HELLO: actions: a list was expected, this is a map");
    REFUSED (HELLO,
             "\x82\xa4name\xa1w\xa7"
             "actions\x92\xa1x\x01",
             BAD_MESSAGE, "HELLO: actions[1]: a text was expected, this is a number");
    REFUSED (SETTLE,
             "\x81\xabsettlements\x91\x81\xa8"
             "disables\x01",
             BAD_MESSAGE,
             "SETTLE: settlements[0].disables: a boolean was expected, this is a number");
    REFUSED (CALL, "\x81\xa4json\xc4\2{}", BAD_MESSAGE,
             "CALL: json: a text was expected, this is bytes");
    REFUSED (PUBLISH,
             "\x81\xa6"
             "events\x91\x81\xa4"
             "data\xa2{}",
             BAD_MESSAGE, "PUBLISH: events[0].data: bytes was expected, this is a text");
}

static void
a_number_has_bounds (void **state)
{
    (void)state;
    REFUSED (BYE, "\x81\xa7session\xcf\x80\0\0\0\0\0\0\0", BAD_MESSAGE,
             "BYE: session: the number is above 9223372036854775807");
    REFUSED (SETTLE, "\x81\xabsettlements\x91\x81\xabhttp_status\xce\x80\0\0\0", BAD_MESSAGE,
             "SETTLE: settlements[0].http_status: the number is above 2147483647");
    REFUSED (WELCOME, "\x82\xa7session\x01\xacheartbeat_ms\x09", BAD_MESSAGE,
             "WELCOME: heartbeat_ms: 9, it is 10 to 60000");
}

static void
a_text_is_characters (void **state)
{
    (void)state;
    REFUSED (HELLO,
             "\x81\xa4name\xa3"
             "a\0b",
             BAD_MESSAGE, "HELLO: name: it has a zero, or bytes that are not UTF-8");
    REFUSED (HELLO, "\x81\xa4name\xa2\xc3(", BAD_MESSAGE,
             "HELLO: name: it has a zero, or bytes that are not UTF-8");
    REFUSED (HELLO, "\x81\xa4name\xa1\xc3", BAD_MESSAGE,
             "HELLO: name: it has a zero, or bytes that are not UTF-8");
}

static void
a_word_is_one_of_its_list (void **state)
{
    (void)state;
    REFUSED (SETTLE, "\x81\xabsettlements\x91\x81\xa7outcome\xa5maybe", BAD_MESSAGE,
             "SETTLE: settlements[0].outcome: there is no such word: see PROTOCOL.md");
}

//  So that a newer peer may have more of them.
static void
a_status_that_is_unknown_reads_as_internal (void **state)
{
    (void)state;
    static const char body [] = "\x83\xa7request\x01\xa6status\xa7TOO_SAD\xa4text\xa3why";
    message_t message;
    problem_t problem;
    assert_int_equal (
        decode (COMMAND_REFUSE, body, sizeof (body) - 1, standard, &message, &problem), STATUS_OK);
    assert_int_equal (message.status, STATUS_INTERNAL);
    assert_string_equal (message.text, "why");
    message_clear (&message);
}

//  A map as a key, lists in lists, every other kind of key: all of it is passed over.
static void
an_unknown_key_is_passed_over (void **state)
{
    (void)state;
    static const char body [] = "\x86\x81\x01\x02\x03\xc0\x92\x91\x90\x80\x2a\xa1x\xa5shape\x82\xa1"
                                "a\xc4\1z\xa1"
                                "b\xd4\1\1"
                                "\xa8sessions\x07\xa7session\x09";
    message_t message;
    problem_t problem;
    status_t status = decode (COMMAND_BYE, body, sizeof (body) - 1, standard, &message, &problem);
    assert_string_equal (problem.text, "");
    assert_int_equal (status, STATUS_OK);
    assert_int_equal (message.session, 9);
    message_clear (&message);
}

static void
an_unknown_key_may_be_as_deep_as_it_likes (void **state)
{
    (void)state;
    enum { LEVELS = 500000 };
    static char body [LEVELS + 4] = "\x81\xa1x";
    memset (body + 3, 0x91, LEVELS);
    body [LEVELS + 3] = 0x01;
    message_t message;
    problem_t problem;
    assert_int_equal (decode (COMMAND_BYE, body, sizeof (body), standard, &message, &problem),
                      STATUS_OK);
    message_clear (&message);
    assert_int_equal (decode (COMMAND_BYE, body, sizeof (body) - 1, standard, &message, &problem),
                      STATUS_BAD_MESSAGE);
}

static void
an_unknown_key_may_be_as_large_as_it_likes_but_there_are_not_many (void **state)
{
    (void)state;
    enum { MEMBERS = 4097, MEMBER_SIZE = 2, HEAD_SIZE = 5 };
    static uint8_t body [HEAD_SIZE + MEMBERS * MEMBER_SIZE] = {0xdf, 0, 0, MEMBERS >> 8,
                                                               MEMBERS & 255};
    message_t message;
    problem_t problem;
    assert_int_equal (
        decode (COMMAND_BYE, (char *)body, sizeof (body), standard, &message, &problem),
        STATUS_TOO_LARGE);
    assert_string_equal (problem.text, "BYE: 4097 members are too many; at most 4096");
    body [4]--;
    assert_int_equal (decode (COMMAND_BYE, (char *)body, sizeof (body) - MEMBER_SIZE, standard,
                              &message, &problem),
                      STATUS_OK);
    message_clear (&message);
}

//  Four thousand million of anything, in a few bytes: nothing is allocated for them.
static void
a_count_that_cannot_be_is_refused_before_memory_is_spent (void **state)
{
    (void)state;
    REFUSED (PUBLISH,
             "\x81\xa6"
             "events\xdd\xff\xff\xff\xff",
             TOO_LARGE, "PUBLISH: events: 4294967295 are too many; at most 4096");
    REFUSED (PUBLISH,
             "\x81\xa6"
             "events\xdc\x10\x00",
             BAD_MESSAGE, "PUBLISH: events: the bytes end too early, or are no MessagePack");
    REFUSED (HELLO, "\x81\xa4name\xdb\xff\xff\xff\xff", BAD_MESSAGE,
             "HELLO: name: the bytes end too early, or are no MessagePack");
    REFUSED (HEARTBEAT, "\xdf\xff\xff\xff\xff", BAD_MESSAGE,
             "HEARTBEAT: the bytes end too early, or are no MessagePack");
}

static void
a_delivery_names_a_target_that_is_there (void **state)
{
    (void)state;
    message_t deliver = *sample_of (COMMAND_DELIVER);
    deliver.target_count = 1;
    uint8_t *bytes;
    size_t size;
    message_encode (&deliver, &bytes, &size);
    expect_refused (COMMAND_DELIVER, bytes, size, standard, STATUS_BAD_MESSAGE,
                    "DELIVER: deliveries[0].target: there are 1 targets");
    free (bytes);
}

static void
an_event_that_is_none_is_named_by_its_place (void **state)
{
    (void)state;
    message_t publish = *sample_of (COMMAND_PUBLISH);
    event_t bad = *publish.events [1];
    bad.time = "yesterday";
    event_t *events [] = {publish.events [0], &bad};
    publish.events = events;
    uint8_t *bytes;
    size_t size;
    message_encode (&publish, &bytes, &size);
    expect_refused (
        COMMAND_PUBLISH, bytes, size, standard, STATUS_BAD_MESSAGE,
        "PUBLISH: events[1]: time: \"yesterday\" is no time like 2026-11-24T03:00:00.123Z "
        "(RFC 3339)");
    free (bytes);
}

//  ---- Limits

typedef struct {
    const char *limit;
    command_t command;
    int64_t fits;  //  this value, and not one less
    status_t status;
    const char *text;  //  of the one less
} bound_t;

static void
every_limit_holds_to_the_byte (void **state)
{
    (void)state;
    static const bound_t bounds [] = {
        {"id_bytes", COMMAND_PUBLISH, 18, STATUS_TOO_LARGE,
         "PUBLISH: events[1].id: 18 bytes are too long; at most 17"},
        {"given_id_bytes", COMMAND_PUBLISH, 9, STATUS_TOO_LARGE,
         "PUBLISH: events[1].given_id: 9 bytes are too long; at most 8"},
        {"source_bytes", COMMAND_PUBLISH, 24, STATUS_TOO_LARGE,
         "PUBLISH: events[1].source: 24 bytes are too long; at most 23"},
        {"type_bytes", COMMAND_PUBLISH, 19, STATUS_TOO_LARGE,
         "PUBLISH: events[0].type: 19 bytes are too long; at most 18"},
        {"subject_bytes", COMMAND_PUBLISH, 45, STATUS_TOO_LARGE,
         "PUBLISH: events[0].subject: 45 bytes are too long; at most 44"},
        {"event_bytes", COMMAND_PUBLISH, 23, STATUS_TOO_LARGE,
         "PUBLISH: events[0].data: 23 bytes are too long; at most 22"},
        {"batch_events", COMMAND_PUBLISH, 2, STATUS_TOO_LARGE,
         "PUBLISH: events: 2 are too many; at most 1"},
        {"batch_events", COMMAND_CONFIRM, 3, STATUS_TOO_LARGE,
         "CONFIRM: confirmations: 3 are too many; at most 2"},
        {"batch_events", COMMAND_SETTLE, 3, STATUS_TOO_LARGE,
         "SETTLE: settlements: 3 are too many; at most 2"},
        {"batch_events", COMMAND_DELIVER, 2, STATUS_TOO_LARGE,
         "DELIVER: targets: 2 are too many; at most 1"},
        {"batch_events", COMMAND_HELLO, 2, STATUS_TOO_LARGE,
         "HELLO: actions: 2 are too many; at most 1"},
        {"leases_per_session", COMMAND_HEARTBEAT, 4, STATUS_TOO_LARGE,
         "HEARTBEAT: leases: 4 are too many; at most 3"},
        {"batch_events", COMMAND_RELEASE, 4, STATUS_TOO_LARGE,
         "RELEASE: leases: 4 are too many; at most 3"},
        {"name_bytes", COMMAND_HELLO, 8, STATUS_TOO_LARGE,
         "HELLO: name: 8 bytes are too long; at most 7"},
        {"name_bytes", COMMAND_CALL, 9, STATUS_TOO_LARGE,
         "CALL: method: 9 bytes are too long; at most 8"},
        {"result_bytes", COMMAND_SETTLE, 17, STATUS_TOO_LARGE,
         "SETTLE: settlements[2].error: 17 bytes are too long; at most 16"},
        {"result_bytes", COMMAND_REFUSE, 14, STATUS_TOO_LARGE,
         "REFUSE: text: 14 bytes are too long; at most 13"},
        {"frame_bytes", COMMAND_RESET, 18, STATUS_TOO_LARGE,
         "RESET: 18 bytes are more than limits/frame_bytes (17)"},
    };
    for (size_t i = 0; i < sizeof (bounds) / sizeof *bounds; i++) {
        const bound_t *bound = &bounds [i];
        uint8_t *bytes;
        size_t size;
        message_encode (sample_of (bound->command), &bytes, &size);

        limits_t limits = *standard;
        message_t message;
        problem_t problem;
        assert_int_equal (limits_set (&limits, bound->limit, bound->fits, NULL), STATUS_OK);
        if (decode (bound->command, bytes, size, &limits, &message, &problem))
            fail_msg ("%s %lld: %s", bound->limit, (long long)bound->fits, problem.text);
        message_clear (&message);
        assert_int_equal (limits_set (&limits, bound->limit, bound->fits - 1, NULL), STATUS_OK);
        expect_refused (bound->command, bytes, size, &limits, bound->status, bound->text);
        free (bytes);
    }
}

//  ---- What a bad message can still be answered by

static void
a_bad_body_still_has_its_request_number (void **state)
{
    (void)state;
#define REQUEST(bytes) message_request ((const uint8_t *)(bytes), sizeof (bytes) - 1)
    assert_int_equal (REQUEST ("\x82\xa7request\x07\xa6"
                               "events\xc0"),
                      7);
    assert_int_equal (REQUEST ("\x82\xa6"
                               "events\x92\x01\x80\xa7request\xcd\1\0"),
                      256);
    assert_int_equal (REQUEST ("\x81\xa7request\xa1x"), 0);
    assert_int_equal (REQUEST ("\x81\xa7request\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), 0);
    assert_int_equal (REQUEST ("\x81\xa7request"), 0);
    assert_int_equal (REQUEST ("\x82\x01\x02\xa7request\x07"), 0);
    assert_int_equal (REQUEST ("\x82\xa6"
                               "events\xdd\xff\xff\xff\xff"),
                      0);
    assert_int_equal (REQUEST ("\x80"), 0);
    assert_int_equal (REQUEST ("\x90"), 0);
    assert_int_equal (message_request (NULL, 0), 0);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_command_frame_is_version_and_command),
        cmocka_unit_test (a_body_is_one_map),
        cmocka_unit_test (what_is_needed_is_missed),
        cmocka_unit_test (a_key_may_come_once),
        cmocka_unit_test (a_member_has_one_kind),
        cmocka_unit_test (a_number_has_bounds),
        cmocka_unit_test (a_text_is_characters),
        cmocka_unit_test (a_word_is_one_of_its_list),
        cmocka_unit_test (a_status_that_is_unknown_reads_as_internal),
        cmocka_unit_test (an_unknown_key_is_passed_over),
        cmocka_unit_test (an_unknown_key_may_be_as_deep_as_it_likes),
        cmocka_unit_test (an_unknown_key_may_be_as_large_as_it_likes_but_there_are_not_many),
        cmocka_unit_test (a_count_that_cannot_be_is_refused_before_memory_is_spent),
        cmocka_unit_test (a_delivery_names_a_target_that_is_there),
        cmocka_unit_test (an_event_that_is_none_is_named_by_its_place),
        cmocka_unit_test (every_limit_holds_to_the_byte),
        cmocka_unit_test (a_bad_body_still_has_its_request_number),
    };
    return cmocka_run_group_tests_name ("decode", tests, setup, NULL);
}
