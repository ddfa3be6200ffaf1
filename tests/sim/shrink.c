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

//  What is being shrunk, and how it goes wrong.
typedef struct {
    life_t *life;
    uint64_t seed;  //  of the weather in which it does
    shrink_live_t *live;
    char *verdict;
} patient_t;

static bool
goes_wrong_under (const patient_t *self, const life_t *life, uint64_t seed)
{
    char *other = self->live (life, seed);
    bool is_alike = other && shrink_is_same_kind (self->verdict, other);
    free (other);
    return is_alike;
}

static bool
goes_wrong_alike (patient_t *self, const life_t *life)
{
    enum { WEATHERS = 4 };
    for (uint64_t i = 0; i < WEATHERS; i++) {
        if (!goes_wrong_under (self, life, self->seed + i))
            continue;
        self->seed += i;
        return true;
    }
    return false;
}

//  Tries to leave out each stretch of `size` deeds. Whether any could be.
static bool
leave_out (patient_t *self, size_t size)
{
    bool is_shorter = false;
    for (size_t first = 0; first < self->life->count;) {
        life_t *without = life_without (self->life, first, size);
        if (goes_wrong_alike (self, without)) {
            life_destroy (&self->life);
            self->life = without;
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
shorten_times (patient_t *self)
{
    bool is_shorter = false;
    for (size_t i = 0; i < self->life->count; i++) {
        deed_t *deed = &self->life->deeds [i];
        int64_t *times [2] = {&deed->then_ms, &deed->for_ms};
        for (size_t n = 0; n < 2; n++) {
            int64_t before_ms = *times [n];
            *times [n] /= 2;
            if (before_ms == 0 || goes_wrong_alike (self, self->life))
                is_shorter |= before_ms > 0;
            else
                *times [n] = before_ms;
        }
    }
    return is_shorter;
}

life_t *
shrink (const life_t *life, uint64_t *seed, shrink_live_t *live)
{
    patient_t patient = {.seed = *seed, .live = live, .verdict = live (life, *seed)};
    if (!patient.verdict)
        return NULL;
    patient.life = life_without (life, 0, 0);
    for (size_t size = life->count / 2; size > 0; size /= 2)
        leave_out (&patient, size);
    while (leave_out (&patient, 1) || shorten_times (&patient))
        continue;
    free (patient.verdict);
    *seed = patient.seed;
    return patient.life;
}
