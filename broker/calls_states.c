/*  calls_states – the methods subscription.pause and .resume: who waits, and goes on.
 *
 *  Nothing is lost meanwhile: a subscription that is paused or disabled stays where it is in the log.
 */
#include <string.h>

#include "broker/call.h"
#include "broker/core/view.h"

//  Answers with the subscription as it is then; one that is so already is left alone.
static void
change_state (call_t *self, bool is_paused)
{
    problem_t problem = {0};
    subscription_t *old = call_subscription (self, "id", &problem);
    if (!old || call_check_version (self, old, &problem) != STATUS_OK) {
        call_fail (self, &problem);
        return;
    }
    if (old->is_paused == is_paused && (is_paused || !old->is_disabled)) {
        call_reply (self, json_pack ("{s:o}", "data", subscription_show (old, false)));
        return;
    }
    const char *because = is_paused && old->is_disabled ? old->disabled_because : NULL;
    OWNED (subscription)
    subscription_t *made =
        subscription_with_state (old, call_next_version (self, old), is_paused, because);
    self->prepared = json_pack ("{s:o}", "data", subscription_show (made, false));
    call_subscribe (self, made);
}

void
call_subscription_pause (call_t *self)
{
    change_state (self, true);
}

//  It enables one that is disabled, too: whoever says "go on" means it.
void
call_subscription_resume (call_t *self)
{
    change_state (self, false);
}
