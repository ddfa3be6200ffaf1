#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "broker/offers.h"
#include "daemon/log.h"
#include "proto/model/owned_json.h"

static const char builds [] = "{\"properties\":{\"program\":{\"enum\":[\"build\"]}}}";
static const char tests_too [] = "{\"properties\":{\"program\":{\"enum\":[\"test\"]}}}";

static void
hello (offers_t *offers, link_peer_t peer, const char *action, const char *schema)
{
    message_t message = {.command = COMMAND_HELLO,
                         .name = "w",
                         .actions = &action,
                         .action_count = 1,
                         .schemas = &schema,
                         .schema_count = schema ? 1 : 0};
    offers_put (offers, peer, &message);
}

static const char *
checked (const offers_t *offers, const char *text)
{
    static problem_t problem;
    problem = (problem_t){0};
    OWNED (json) json_t *action = json_loads (text, 0, NULL);
    status_t status = offers_check (offers, action, &problem);
    assert_int_equal (status, problem.status);
    return problem.text;
}

static const char build [] = "{\"name\":\"exec\",\"program\":\"build\"}";
static const char test [] = "{\"name\":\"exec\",\"program\":\"test\"}";

static void
what_one_worker_takes_is_taken (void **state)
{
    (void)state;
    offers_t offers = {0};
    assert_string_equal (checked (&offers, test), "");
    hello (&offers, 1, "exec", builds);
    hello (&offers, 1, "exec", builds);
    assert_string_equal (checked (&offers, build), "");
    assert_string_equal (checked (&offers, test),
                         "action.program: \"test\" is none; there are build");
    hello (&offers, 2, "exec", tests_too);
    assert_string_equal (checked (&offers, build), "");
    assert_string_equal (checked (&offers, test), "");
    offers_drop (&offers, 2);
    assert_string_not_equal (checked (&offers, test), "");
    offers_drop (&offers, 1);
    assert_string_equal (checked (&offers, test), "");
    offers_clear (&offers);
}

static void
without_a_schema_that_can_be_applied_nothing_is_checked (void **state)
{
    (void)state;
    log_set_level (LOG_ERROR);
    static const char *const none [] = {NULL, "", "{", "[]", "{\"pattern\":\"x\"}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        offers_t offers = {0};
        hello (&offers, 1, "exec", none [i]);
        assert_string_equal (checked (&offers, test), "");
        offers_clear (&offers);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_one_worker_takes_is_taken),
        cmocka_unit_test (without_a_schema_that_can_be_applied_nothing_is_checked),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
