#include "tests/sim/shrink.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

//  Words with a digit in them are names and numbers.
static const char *
next_word (const char *text, size_t *size)
{
    for (;;) {
        text += strspn (text, " ");
        *size = strcspn (text, " ");
        bool is_name = false;
        for (size_t i = 0; i < *size; i++)
            is_name |= isdigit ((unsigned char)text [i]) != 0;
        if (!is_name)
            return text;
        text += *size;
    }
}

bool
shrink_is_same_kind (const char *a, const char *b)
{
    for (;;) {
        size_t a_size, b_size;
        a = next_word (a, &a_size);
        b = next_word (b, &b_size);
        if (a_size != b_size || memcmp (a, b, a_size) != 0)
            return false;
        if (a_size == 0)
            return true;
        a += a_size;
        b += b_size;
    }
}

static bool
goes_wrong_alike (const life_t *life, uint64_t seed, shrink_live_t *live, const char *verdict)
{
    char *other = live (life, seed);
    bool is_alike = other && shrink_is_same_kind (verdict, other);
    free (other);
    return is_alike;
}

//  Tries to leave out each stretch of `size` deeds. Whether any could be.
static bool
leave_out (life_t **life_p, size_t size, uint64_t seed, shrink_live_t *live, const char *verdict)
{
    bool is_shorter = false;
    for (size_t first = 0; first < (*life_p)->count;) {
        life_t *without = life_without (*life_p, first, size);
        if (goes_wrong_alike (without, seed, live, verdict)) {
            life_destroy (life_p);
            *life_p = without;
            is_shorter = true;
        }
        else {
            life_destroy (&without);
            first += size;
        }
    }
    return is_shorter;
}

//  What still lasts or passes is halved while it can be.
static bool
shorten_times (life_t *life, uint64_t seed, shrink_live_t *live, const char *verdict)
{
    bool is_shorter = false;
    for (size_t i = 0; i < life->count; i++) {
        int64_t *times [2] = {&life->deeds [i].then_ms, &life->deeds [i].for_ms};
        for (size_t n = 0; n < 2; n++) {
            int64_t before_ms = *times [n];
            *times [n] /= 2;
            if (before_ms == 0 || goes_wrong_alike (life, seed, live, verdict))
                is_shorter |= before_ms > 0;
            else
                *times [n] = before_ms;
        }
    }
    return is_shorter;
}

life_t *
shrink (const life_t *life, uint64_t seed, shrink_live_t *live)
{
    char *verdict = live (life, seed);
    if (!verdict)
        return NULL;
    life_t *shorter = life_without (life, 0, 0);
    for (size_t size = shorter->count / 2; size > 0; size /= 2)
        leave_out (&shorter, size, seed, live, verdict);
    while (leave_out (&shorter, 1, seed, live, verdict) ||
           shorten_times (shorter, seed, live, verdict))
        continue;
    free (verdict);
    return shorter;
}
