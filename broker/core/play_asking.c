/*  play_asking – the lines of a play about questions. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/play_cast_state.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"

//  ASK r1 q1 [within MS] [type=a.b]
input_t
cast_read_ask (cast_t *self)
{
    input_t input = {.kind = INPUT_ASK, .peer = CAST_GATEWAY};
    input.request = (uint64_t)cast_next_number (self);
    const char *id = cast_next (self);
    input.ask.timeout_ms = cast_next_is (self, "within") ? cast_next_number (self) : 60000;
    const char *type = cast_has_more (self) ? cast_next (self) + strlen ("type=") : "t";
    ASSERT (self->event_count < CAST_EVENTS, "a play has few events");
    event_t *event = self->events [self->event_count++] =
        event_new (&(event_t){.id = id,
                              .type = type,
                              .subject = "/s",
                              .time = "2026-01-01T00:00:00Z",
                              .data = (const uint8_t *)"{}",
                              .data_size = 2,
                              .phase = PHASE_PRE,
                              .partition = -1});
    input.ask.event = event;
    return input;
}

//  … ok says allow|deny [because WORD] [sets NAME VALUE …] · … ok says nonsense
const char *
cast_read_result (cast_t *self)
{
    if (!cast_next_is (self, "says"))
        return NULL;
    const char *decision = cast_next (self);
    if (strcmp (decision, "nonsense") == 0)
        return "<html>";
    json_t *json = json_pack ("{s:s}", "decision", decision);
    if (cast_next_is (self, "because"))
        json_object_set_new (json, "reason", json_string (cast_next (self)));
    if (cast_next_is (self, "sets")) {
        json_t *object = json_object ();
        while (cast_has_more (self) && strcmp (self->words [self->at], "by") != 0) {
            const char *name = cast_next (self);
            json_object_set_new (object, name, json_string (cast_next (self)));
        }
        json_object_set_new (json, "object", object);
    }
    char *text = json_dumps (json, JSON_COMPACT);
    const char *copy = arena_copy (&self->line, text);
    free (text);
    json_decref (json);
    return copy;
}

static void
print_opinion (FILE *out, const opinion_t *opinion)
{
    fprintf (out, " %s", decision_name (opinion->decision));
    if (opinion->reason)
        fprintf (out, " \"%s\"", opinion->reason);
    const char *name;
    json_t *value;
    json_object_foreach (opinion->object, name, value)
        fprintf (out, " %s=%s", name, json_is_string (value) ? json_string_value (value) : "null");
}

void
cast_print_decide (FILE *out, const effect_t *effect)
{
    fprintf (out, "DECIDE r%llu", (unsigned long long)effect->request);
    if (effect->decide.status != STATUS_OK) {
        fprintf (out, " %s", status_name (effect->decide.status));
        return;
    }
    print_opinion (out, effect->decide.opinion);
    for (size_t i = 0; i < effect->decide.count; i++) {
        const reply_t *reply = &effect->decide.replies [i];
        fprintf (out, "; %s %s", reply->subscription, reason_name (reply->reason));
        print_opinion (out, reply->opinion);
    }
}
