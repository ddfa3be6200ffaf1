/*  How far attempts are, as their actions say: the last word of each, at most one a second of a lease. */
#include <stdio.h>

#include "proto/model/allocate.h"
#include "worker/session_state.h"

enum { SPACING_MS = 1000, TEXT_SIZE = 257 };

struct progress_word {
    bool is_untold;
    int32_t percent;
    int64_t next_ms;  //  when one may be said again
    char text [TEXT_SIZE];
};

static void
note_one (worker_session_t *self, holding_t *holding, int32_t percent, const char *text)
{
    if (holding->state != HOLDING_BEGUN)
        return;
    if (!holding->word)
        holding->word = ALLOCATE (struct progress_word);
    struct progress_word *word = holding->word;
    word->is_untold = true;
    word->percent = percent;
    snprintf (word->text, sizeof word->text, "%s", text);
    if (word->next_ms < self->word_due_ms)
        self->word_due_ms = word->next_ms;
}

//  What is said of a batch is said of each of it.
void
worker_session_note_word (worker_session_t *self, holding_t *holding, int32_t percent,
                          const char *text)
{
    holding_t *const *members;
    const delivery_t *const *deliveries;
    size_t count = holdings_batch (holding, &members, &deliveries);
    if (count == 1)
        note_one (self, holding, percent, text);
    else
        for (size_t i = 0; i < count; i++)
            note_one (self, members [i], percent, text);
}

static holding_t *
first_due (const worker_session_t *self)
{
    holding_t *holding = holdings_first (self->holdings, HOLDING_BEGUN);
    while (holding &&
           !(holding->word && holding->word->is_untold && holding->word->next_ms <= self->now_ms))
        holding = holding->next;
    return holding;
}

//  When the next of those that are left may be said.
static int64_t
next_due_ms (const worker_session_t *self)
{
    int64_t due_ms = INT64_MAX;
    const holding_t *holding = holdings_first (self->holdings, HOLDING_BEGUN);
    for (; holding; holding = holding->next)
        if (holding->word && holding->word->is_untold && holding->word->next_ms < due_ms)
            due_ms = holding->word->next_ms;
    return due_ms;
}

bool
worker_session_say_word (worker_session_t *self)
{
    if (self->word_due_ms > self->now_ms)
        return false;
    holding_t *holding = first_due (self);
    if (!holding) {
        self->word_due_ms = next_due_ms (self);
        return false;
    }
    struct progress_word *word = holding->word;
    word->is_untold = false;
    word->next_ms = self->now_ms + SPACING_MS;
    self->out = (message_t){.command = COMMAND_PROGRESS,
                            .session = self->id,
                            .lease = holding->lease,
                            .percent = word->percent,
                            .text = word->text};
    return true;
}
