#include "worker/badge.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/labels.h"
#include "proto/model/owned.h"

struct badge {
    char *text;           //  in pieces
    const char **labels;  //  into text
    size_t count;
};

static size_t
words_in (const char *text)
{
    size_t count = 0;
    for (text += strspn (text, " \t"); *text; text += strspn (text, " \t")) {
        text += strcspn (text, " \t");
        count++;
    }
    return count;
}

badge_t *
badge_new (const settings_t *settings, problem_t *problem)
{
    OWNED (badge) badge_t *self = ALLOCATE (badge_t);
    self->text = allocate_copy (settings_text (settings, "worker/labels"));
    self->labels = (const char **)allocate (words_in (self->text) + 1, sizeof *self->labels);
    char *rest = NULL;
    for (char *word = strtok_r (self->text, " \t", &rest); word;
         word = strtok_r (NULL, " \t", &rest))
        self->labels [self->count++] = word;
    problem_t why = {0};
    OWNED (text)
    char *set = labels_new (self->labels, self->count, settings_limits (settings), &why);
    if (set)
        return TAKE (self);
    problem_at (problem, STATUS_BAD_SETTING, "worker/labels", "worker/labels: %s", why.text);
    return NULL;
}

void
badge_destroy (badge_t **self_p)
{
    badge_t *self = *self_p;
    if (!self)
        return;
    free ((void *)self->labels);
    free (self->text);
    free (self);
    *self_p = NULL;
}

const char *const *
badge_labels (const badge_t *self, size_t *count)
{
    *count = self->count;
    return self->labels;
}
