#include "proto/model/labels.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { LABEL_SHOWN = 60 };

static bool
is_part (const char *text, size_t size)
{
    static const char letters [] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";
    return size > 0 && size <= LABEL_PART_BYTES && strspn (text, letters) >= size;
}

const char *
label_fault (const char *name, const char *value)
{
    if (!is_part (name, strlen (name)))
        return "a label's name is 1 to 64 of A-Z, a-z, 0-9, _ . - and /";
    if (!is_part (value, strlen (value)))
        return "a label's value is a string of 1 to 64 of A-Z, a-z, 0-9, _ . - and /";
    return NULL;
}

static size_t
name_size (const char *label)
{
    return strcspn (label, "=");
}

static status_t
check (const char *label, problem_t *problem)
{
    size_t size = name_size (label);
    if (label [size] && is_part (label, size) &&
        is_part (label + size + 1, strlen (label + size + 1)))
        return STATUS_OK;
    return problem_set (problem, STATUS_BAD_PARAMETER,
                        "\"%.*s\" is no label: NAME=VALUE, as in region=eu, each 1 to 64 of A-Z, "
                        "a-z, 0-9, _ . - and /",
                        LABEL_SHOWN, label);
}

static int
compare (const void *a, const void *b)
{
    return strcmp (*(const char *const *)a, *(const char *const *)b);
}

//  All that begin with the same NAME= stand together.
static status_t
check_names (const char *const *sorted, size_t count, problem_t *problem)
{
    for (size_t i = 1; i < count; i++) {
        size_t size = name_size (sorted [i]);
        if (strncmp (sorted [i - 1], sorted [i], size + 1) == 0)
            return problem_set (problem, STATUS_BAD_PARAMETER,
                                "the label \"%.*s\" comes twice; it has one value", (int)size,
                                sorted [i]);
    }
    return STATUS_OK;
}

static char *
join (const char *const *sorted, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += strlen (sorted [i]) + 1;
    char *text = allocate (size, 1);
    char *end = text;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ' ';
        end = stpcpy (end, sorted [i]);
    }
    return text;
}

char *
labels_new (const char *const *list, size_t count, const limits_t *limits, problem_t *problem)
{
    if ((int64_t)count > limits->labels) {
        problem_set (problem, STATUS_BAD_PARAMETER, "%zu labels are more than limits/labels (%lld)",
                     count, (long long)limits->labels);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (check (list [i], problem))
            return NULL;
    const char **sorted = (const char **)allocate (count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted [i] = list [i];
    qsort ((void *)sorted, count, sizeof *sorted, compare);
    char *text = check_names (sorted, count, problem) ? NULL : join (sorted, count);
    free ((void *)sorted);
    return text;
}

//  One of the set, from here to the next blank, before, at or after another.
static int
compare_first (const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp (a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

bool
labels_have (const char *offered, const char *wanted)
{
    while (*wanted) {
        size_t wanted_size = strcspn (wanted, " ");
        size_t size = strcspn (offered, " ");
        int order = compare_first (offered, size, wanted, wanted_size);
        if (!*offered || order > 0)
            return false;
        offered += size + (offered [size] == ' ');
        if (order == 0)
            wanted += wanted_size + (wanted [wanted_size] == ' ');
    }
    return true;
}

json_t *
labels_show (const char *set)
{
    json_t *json = json_object ();
    OWNED (text) char *copy = allocate_copy (set);
    char *rest = NULL;
    for (char *word = strtok_r (copy, " ", &rest); word; word = strtok_r (NULL, " ", &rest)) {
        char *value = word + name_size (word);
        *value++ = 0;
        json_object_set_new (json, word, json_string (value));
    }
    return json;
}
