/*  A change to a release as a conversation: what is asked, what is answered, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "worker/balrog/balrog_release.h"

typedef struct {
    void *play;
    request_t request;
    ending_t end;
    bool has_ended;
} talk_t;

static void
go_on (talk_t *self, const answer_t *answer)
{
    request_clear (&self->request);
    self->has_ended =
        balrog_release_script.next (self->play, answer, &self->request, &self->end) == SCRIPT_ENDS;
}

static talk_t
begin (const char *product, json_t *when)
{
    json_t *blob = json_loads ("{\"addons\":{\"b\":2}}", 0, NULL);
    talk_t self = {.play = balrog_release_new ("/v2/releases/R", product, blob, when)};
    ending_start (&self.end, 0);
    go_on (&self, NULL);
    return self;
}

static void
asks (const talk_t *self, const char *method, const char *body)
{
    assert_false (self->has_ended);
    assert_string_equal (self->request.method, method);
    assert_string_equal (self->request.path, "/v2/releases/R");
    char *text =
        self->request.body ? json_dumps (self->request.body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    assert_string_equal (text ? text : "", body);
    free (text);
}

static void
is_answered (talk_t *self, int status, const char *body)
{
    json_t *json = json_loads (body, 0, NULL);
    go_on (self, &(answer_t){.status = status, .body = json, .bytes = body, .size = strlen (body)});
    json_decref (json);
}

static void
ends (talk_t *self, outcome_t outcome, const char *said)
{
    assert_true (self->has_ended);
    assert_string_equal (outcome == OUTCOME_OK ? self->end.settlement.result : self->end.error,
                         said);
    assert_int_equal (self->end.settlement.outcome, outcome);
    balrog_release_script.drop (self->play);
    request_clear (&self->request);
    body_free (&self->end.result);
}

static const char release [] =
    "{\"blob\":{\"addons\":{\"a\":1},\"name\":\"R\"},\"data_versions\":{\".\":7}}";
static const char merged [] = "{\"blob\":{\"addons\":{\"a\":1,\"b\":2},\"name\":\"R\"},"
                              "\"old_data_versions\":{\".\":7}}";

static void
what_is_read_is_merged_and_written_under_its_versions (void **state)
{
    (void)state;
    talk_t talk = begin ("", NULL);
    asks (&talk, "GET", "");
    is_answered (&talk, 200, release);
    asks (&talk, "PUT", merged);
    is_answered (&talk, 200, "{\".\":8}");
    ends (&talk, OUTCOME_OK, "{\"changed\":true,\"data_versions\":{\".\":8}}");
}

static void
what_would_change_nothing_is_not_written (void **state)
{
    (void)state;
    talk_t talk = begin ("", NULL);
    is_answered (&talk, 200,
                 "{\"blob\":{\"addons\":{\"b\":2,\"c\":3}},\"data_versions\":{\".\":7}}");
    ends (&talk, OUTCOME_OK, "{\"changed\":false,\"data_versions\":{\".\":7}}");
}

static void
outdated_data_is_read_again (void **state)
{
    (void)state;
    talk_t talk = begin ("", NULL);
    is_answered (&talk, 200, release);
    is_answered (&talk, 400, "{\"detail\":\"OutdatedDataError\",\"exception\":\"old\"}");
    asks (&talk, "GET", "");
    while (!talk.has_ended) {
        is_answered (&talk, 200, release);
        is_answered (&talk, 400, "{\"detail\":\"OutdatedDataError\"}");
    }
    ends (&talk, OUTCOME_RETRY,
          "the release was changed by others 50 times while it was to be written");
}

static void
a_new_release_needs_a_product (void **state)
{
    (void)state;
    talk_t talk = begin ("", NULL);
    is_answered (&talk, 404, "{\"detail\":\"Release does not exist\"}");
    ends (&talk, OUTCOME_FAIL,
          "there is no such release: to make one, say its product in action.product");

    talk = begin ("P", NULL);
    is_answered (&talk, 404, "{\"detail\":\"Release does not exist\"}");
    asks (&talk, "PUT", "{\"blob\":{\"addons\":{\"b\":2}},\"product\":\"P\"}");
    is_answered (&talk, 200, "{\".\":1}");
    ends (&talk, OUTCOME_OK, "{\"changed\":true,\"data_versions\":{\".\":1}}");
}

static void
a_change_may_be_for_later (void **state)
{
    (void)state;
    talk_t talk = begin ("", json_integer (1900000000000));
    is_answered (&talk, 200, release);
    asks (&talk, "PUT",
          "{\"blob\":{\"addons\":{\"a\":1,\"b\":2},\"name\":\"R\"},"
          "\"old_data_versions\":{\".\":7},\"when\":1900000000000}");
    is_answered (&talk, 503, "");
    ends (&talk, OUTCOME_RETRY, "answered 503");
}

static void
what_a_person_has_to_do_is_said (void **state)
{
    (void)state;
    static const char *const answers [][2] = {
        {"{\"detail\":\"Signoff Required\",\"exception\":\"not directly\"}",
         "Signoff Required: a person has to sign off this change: not directly"},
        {"{\"detail\":\"Read only\"}", "answered 400: Read only"},
        {"{\"detail\":\"Invalid Blob\",\"exception\":\"no name\"}",
         "answered 400: Invalid Blob: no name"},
        {"gibberish", "answered 400: "},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        talk_t talk = begin ("", NULL);
        is_answered (&talk, 200, release);
        is_answered (&talk, 400, answers [i][0]);
        ends (&talk, OUTCOME_FAIL, answers [i][1]);
    }
}

static void
an_answer_that_is_no_release_is_not_written_over (void **state)
{
    (void)state;
    talk_t talk = begin ("P", NULL);
    is_answered (&talk, 200, "<html>");
    ends (&talk, OUTCOME_RETRY, "answered 200 without a release: look at the url of this server");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_is_read_is_merged_and_written_under_its_versions),
        cmocka_unit_test (what_would_change_nothing_is_not_written),
        cmocka_unit_test (outdated_data_is_read_again),
        cmocka_unit_test (a_new_release_needs_a_product),
        cmocka_unit_test (a_change_may_be_for_later),
        cmocka_unit_test (what_a_person_has_to_do_is_said),
        cmocka_unit_test (an_answer_that_is_no_release_is_not_written_over),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
