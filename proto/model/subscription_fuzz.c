/*  subscription: any document; what is taken survives the store, a change of state, and being shown
 *  and sent back.
 */
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/subscription.h"
#include "proto/model/utf8.h"

static void
check_kept (const subscription_t *self, const limits_t *limits)
{
    OWNED (text) char *text = subscription_dump (self);
    OWNED (subscription)
    subscription_t *again = subscription_load (text, strlen (text), limits, NULL);
    ASSERT (again, "what was stored can be loaded");
    ASSERT (json_equal (again->document, self->document), "and is the same");
    ASSERT (strcmp (again->deliver_json, self->deliver_json) == 0, "for the worker as well");
}

static void
check_state (const subscription_t *self, const limits_t *limits)
{
    OWNED (subscription) subscription_t *paused = subscription_with_state (self, 2, true, false);
    ASSERT (paused->is_paused && !paused->is_disabled && paused->version == 2, "as was asked");
    check_kept (paused, limits);
}

static void
check_bounds (const subscription_t *self)
{
    ASSERT (self->retry.max_attempts >= 1 && self->in_flight_most >= 1, "nothing would be sent");
    ASSERT (self->retry.min_backoff_ms <= self->retry.max_backoff_ms, "backoff_ms leans on it");
    OWNED (json) json_t *told = json_loads (self->deliver_json, JSON_REJECT_DUPLICATES, NULL);
    ASSERT (json_is_object (json_object_get (told, "action")), "a worker is told what to do");
    ASSERT (self->deliver_size == strlen (self->deliver_json), "its size is sent before it");
}

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    OWNED (json)
    json_t *document =
        json_loadb ((const char *)bytes, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!document)
        return 0;
    limits_t limits = limits_default ();
    problem_t problem = {0};
    OWNED (subscription) subscription_t *self = subscription_new (document, 1, &limits, &problem);
    ASSERT (self || (problem.status != STATUS_OK && problem.text [0]),
            "who is refused is told why");
    ASSERT (utf8_is_text (problem.text, strlen (problem.text)) &&
                utf8_is_text (problem.name, strlen (problem.name)),
            "a sentence goes out as JSON");
    if (!self)
        return 0;
    check_bounds (self);
    check_kept (self, &limits);
    check_state (self, &limits);
    return 0;
}
