/*  A write to a Kinto as a conversation: what is asked (>), what is answered (<), and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "worker/kinto/kinto_write.h"

#define URI "/buckets/b/collections/c/records/r"

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
        kinto_write_script.next (self->play, answer, &self->request, &self->end) == SCRIPT_ENDS;
}

static talk_t
begin (kinto_mode_t mode, const char *object)
{
    talk_t self = {.play = kinto_write_new (mode, URI, json_loads (object, 0, NULL), "id=e")};
    ending_start (&self.end, 0);
    go_on (&self, NULL);
    return self;
}

//  What is asked: "PUT If-Match: "7" {"data": …}"; headers but the cause, body as JSON, sorted.
static void
asks (const talk_t *self, const char *expected)
{
    assert_false (self->has_ended);
    assert_string_equal (self->request.path, URI);
    const json_t *headers = self->request.headers;
    const char *match = json_string_value (json_object_get (headers, "If-Match"));
    const char *none = json_string_value (json_object_get (headers, "If-None-Match"));
    char *body =
        self->request.body ? json_dumps (self->request.body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    char *said;
    int size = asprintf (&said, "%s%s%s%s%s%s%s", self->request.method, match ? " If-Match " : "",
                         match ? match : "", none ? " If-None-Match " : "", none ? none : "",
                         body ? " " : "", body ? body : "");
    assert_true (size > 0);
    assert_string_equal (said, expected);
    if (body)
        assert_string_equal (json_string_value (json_object_get (headers, "X-Tocsin-Causation")),
                             "id=e");
    free (body);
    free (said);
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
    kinto_write_script.drop (self->play);
    request_clear (&self->request);
    body_free (&self->end.result);
}

static void
a_replacement_is_one_request (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_REPLACE, "{\"n\":1,\"m\":null}");
    asks (&talk, "PUT {\"data\":{\"m\":null,\"n\":1}}");
    is_answered (&talk, 200, "{\"data\":{\"n\":1,\"last_modified\":5}}");
    ends (&talk, OUTCOME_OK, "{\"uri\":\"" URI "\",\"changed\":true,\"last_modified\":5}");
}

static void
what_is_created_twice_by_one_event_is_created_once (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_CREATE, "{\"n\":1,\"m\":null}");
    asks (&talk, "PUT If-None-Match * {\"data\":{\"m\":null,\"n\":1}}");
    is_answered (&talk, 412, "{}");
    asks (&talk, "GET");
    is_answered (&talk, 200, "{\"data\":{\"n\":1,\"m\":null,\"id\":\"r\",\"last_modified\":5}}");
    ends (&talk, OUTCOME_OK, "{\"uri\":\"" URI "\",\"changed\":false,\"last_modified\":5}");
}

static void
what_is_there_is_not_created_over (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_CREATE, "{\"n\":1}");
    is_answered (&talk, 412, "{}");
    is_answered (&talk, 200, "{\"data\":{\"n\":2,\"last_modified\":5}}");
    ends (&talk, OUTCOME_FAIL, URI " is there already, and is another");
}

static void
a_merge_goes_member_by_member (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_MERGE, "{\"a\":{\"x\":1},\"gone\":null,\"new\":[2]}");
    asks (&talk, "GET");
    is_answered (
        &talk, 200,
        "{\"data\":{\"a\":{\"x\":0,\"y\":0},\"gone\":1,\"kept\":true,\"last_modified\":5}}");
    asks (&talk,
          "PUT If-Match \"5\" {\"data\":{\"a\":{\"x\":1,\"y\":0},\"kept\":true,\"new\":[2]}}");
    is_answered (&talk, 200, "{\"data\":{\"last_modified\":6}}");
    ends (&talk, OUTCOME_OK, "{\"uri\":\"" URI "\",\"changed\":true,\"last_modified\":6}");
}

static void
who_was_slower_reads_and_merges_anew (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_MERGE, "{\"n\":1,\"gone\":null}");
    is_answered (&talk, 404, "{}");
    asks (&talk, "PUT If-None-Match * {\"data\":{\"n\":1}}");
    is_answered (&talk, 412, "{}");
    asks (&talk, "GET");
    is_answered (&talk, 200, "{\"data\":{\"m\":2,\"last_modified\":5}}");
    asks (&talk, "PUT If-Match \"5\" {\"data\":{\"m\":2,\"n\":1}}");
    is_answered (&talk, 412, "{}");
    is_answered (&talk, 200, "{\"data\":{\"m\":3,\"last_modified\":6}}");
    asks (&talk, "PUT If-Match \"6\" {\"data\":{\"m\":3,\"n\":1}}");
    is_answered (&talk, 200, "{\"data\":{\"last_modified\":7}}");
    ends (&talk, OUTCOME_OK, "{\"uri\":\"" URI "\",\"changed\":true,\"last_modified\":7}");
}

static void
who_is_always_slower_gives_up_for_now (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_MERGE, "{\"n\":1}");
    while (!talk.has_ended) {
        is_answered (&talk, 200, "{\"data\":{\"last_modified\":5}}");
        is_answered (&talk, 412, "{}");
    }
    ends (&talk, OUTCOME_RETRY, URI " was changed by others 50 times while it was to be written");
}

static void
a_merge_that_changes_nothing_writes_nothing (void **state)
{
    (void)state;
    talk_t talk = begin (KINTO_MERGE, "{\"n\":1,\"gone\":null}");
    is_answered (&talk, 200, "{\"data\":{\"n\":1,\"m\":2,\"last_modified\":5}}");
    ends (&talk, OUTCOME_OK, "{\"uri\":\"" URI "\",\"changed\":false,\"last_modified\":5}");
}

static void
errors_are_final_or_not (void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        outcome_t outcome;
        const char *said;
    } answers [] = {
        {400, "{\"message\":\"n in body: Required\"}", OUTCOME_FAIL,
         "answered 400: n in body: Required"},
        {404, "{}", OUTCOME_FAIL, "answered 404"},
        {401, "{\"message\":\"Who?\"}", OUTCOME_RETRY,
         "answered 401: Who?: look at the worker's credentials for this server"},
        {409, "{}", OUTCOME_RETRY, "answered 409"},
        {500, "no JSON", OUTCOME_RETRY, "answered 500"},
        {307, "", OUTCOME_RETRY,
         "answered 307, which says nothing here: look at the url of this server"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        talk_t talk = begin (KINTO_REPLACE, "{}");
        is_answered (&talk, answers [i].status, answers [i].body);
        ends (&talk, answers [i].outcome, answers [i].said);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_replacement_is_one_request),
        cmocka_unit_test (what_is_created_twice_by_one_event_is_created_once),
        cmocka_unit_test (what_is_there_is_not_created_over),
        cmocka_unit_test (a_merge_goes_member_by_member),
        cmocka_unit_test (who_was_slower_reads_and_merges_anew),
        cmocka_unit_test (who_is_always_slower_gives_up_for_now),
        cmocka_unit_test (a_merge_that_changes_nothing_writes_nothing),
        cmocka_unit_test (errors_are_final_or_not),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
