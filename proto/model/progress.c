#include "proto/model/progress.h"

#include <string.h>

#include "proto/model/assert.h"

//  Bit 0 of done_above stands for floor + 1.
static uint64_t
bit_at (int64_t bit)
{
    return (uint64_t)1 << (bit % 64);
}

//  Forget the lowest `bits` of done_above: the floor has risen by as many.
static void
shift (progress_t *self, int64_t bits)
{
    int words = bits < PROGRESS_SPAN ? (int)(bits / 64) : PROGRESS_WORDS;
    int rest = (int)(bits % 64);
    for (int i = 0; i < PROGRESS_WORDS; i++) {
        uint64_t low = i + words < PROGRESS_WORDS ? self->done_above [i + words] : 0;
        uint64_t high = i + words + 1 < PROGRESS_WORDS ? self->done_above [i + words + 1] : 0;
        self->done_above [i] = rest ? low >> rest | high << (64 - rest) : low;
    }
}

//  How many have ended without a gap, directly above the floor.
static int64_t
ended_in_a_row (const progress_t *self)
{
    for (int i = 0; i < PROGRESS_WORDS; i++)
        if (self->done_above [i] != UINT64_MAX)
            return 64 * i + __builtin_ctzll (~self->done_above [i]);
    return PROGRESS_SPAN;
}

static void
rise (progress_t *self)
{
    int64_t bits = ended_in_a_row (self);
    if (bits == 0)
        return;
    shift (self, bits);
    self->floor += bits;
}

bool
progress_has_ended (const progress_t *self, int64_t seq)
{
    if (seq <= self->floor)
        return true;
    int64_t bit = seq - self->floor - 1;
    return bit < PROGRESS_SPAN && (self->done_above [bit / 64] & bit_at (bit));
}

bool
progress_has_room (const progress_t *self, int64_t seq)
{
    return seq - self->floor <= PROGRESS_SPAN;
}

void
progress_end (progress_t *self, int64_t seq)
{
    ASSERT (seq > self->floor, "a settle that comes twice is answered at its lease, not here");
    ASSERT (progress_has_room (self, seq), "dispatch asks for room before it delivers");
    ASSERT (!progress_has_ended (self, seq), "ended twice: its consumer was called twice");

    int64_t bit = seq - self->floor - 1;
    self->done_above [bit / 64] |= bit_at (bit);
    rise (self);

    ASSERT (progress_has_ended (self, seq), "unrecorded, it would be sent again after a restart");
}

void
progress_raise (progress_t *self, int64_t new_floor)
{
    if (new_floor <= self->floor)
        return;
    shift (self, new_floor - self->floor);
    self->floor = new_floor;
    rise (self);
}

size_t
progress_encode (const progress_t *self, uint8_t bytes [PROGRESS_SPAN / 8])
{
    size_t words = PROGRESS_WORDS;
    while (words > 0 && self->done_above [words - 1] == 0)
        words--;
    for (size_t i = 0; i < 8 * words; i++)
        bytes [i] = (uint8_t)(self->done_above [i / 8] >> (8 * (i % 8)));
    return 8 * words;
}

bool
progress_decode (progress_t *self, int64_t floor, const uint8_t *bytes, size_t size)
{
    if (size > PROGRESS_SPAN / 8 || size % 8 != 0 || floor < 0)
        return false;
    progress_t decoded = {.floor = floor};
    for (size_t i = 0; i < size; i++)
        decoded.done_above [i / 8] |= (uint64_t)bytes [i] << (8 * (i % 8));
    rise (&decoded);  //  a no-op for what progress_encode made
    *self = decoded;
    return true;
}
