#include "proto/model/ask_form.h"

#include <string.h>

static bool
asks (const form_t *form)
{
    const json_t *match = json_object_get (form->json, "match");
    const char *phase = json_string_value (json_object_get (match, "phase"));
    return phase && strcmp (phase, "pre") == 0;
}

status_t
ask_form_read (const form_t *form)
{
    if (!asks (form)) {
        if (json_object_get (form->json, "ask"))
            return form_refuse (form, "ask",
                                "it is for a subscription that is asked, whose match.phase is pre");
        return STATUS_OK;
    }
    static const char *const senseless [] = {"batch", "coalesce", "emit"};
    for (size_t i = 0; i < sizeof (senseless) / sizeof (*senseless); i++)
        if (json_object_get (form->json, senseless [i]))
            return form_refuse (form, senseless [i],
                                "a question is answered by itself, and at once: leave it out where "
                                "match.phase is pre");
    const char *mode = json_string_value (json_object_get (form->json, "mode"));
    if (mode && strcmp (mode, "broadcast") == 0)
        return form_refuse (
            form, "mode", "a question goes to one worker: there is queue where match.phase is pre");
    form_t ask = form_part (form, "ask");
    status_t status = form_members (&ask, "timeout_ms on_silence");
    if (status == STATUS_OK)
        status = form_integer (&ask, "timeout_ms", ASK_TIMEOUT_MS, 1, ASK_TIMEOUT_MOST_MS);
    return status == STATUS_OK ? form_word (&ask, "on_silence", "allow deny", "allow") : status;
}

status_t
ask_form_reply (const form_t *form)
{
    if (!json_object_get (form->json, "reply"))
        return STATUS_OK;
    if (asks (form))
        return form_refuse (
            form, "reply",
            "one that is asked (match.phase is pre) is always waited for: leave it out");
    const char *mode = json_string_value (json_object_get (form->json, "mode"));
    if (mode && strcmp (mode, "broadcast") == 0)
        return form_refuse (form, "reply", "nobody is told how a broadcast went: leave it out");
    return form_flag (form, "reply", false);
}
