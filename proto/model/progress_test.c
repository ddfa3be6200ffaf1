#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/model/progress.h"

enum { SEQS = 20000, SEEDS = 200, WINDOW = PROGRESS_SPAN };

static uint64_t
next_random (uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

//  The same as progress, without any cleverness: a flag for each seq.
typedef struct {
    bool has_ended [SEQS + 1];
    int64_t floor;
} plain_t;

static void
plain_rise (plain_t *plain)
{
    while (plain->floor < SEQS && plain->has_ended [plain->floor + 1])
        plain->floor++;
}

static void
plain_raise (plain_t *plain, int64_t floor)
{
    for (int64_t seq = plain->floor + 1; seq <= floor; seq++)
        plain->has_ended [seq] = true;
    if (floor > plain->floor)
        plain->floor = floor;
    plain_rise (plain);
}

static void
compare (const progress_t *progress, const plain_t *plain, uint64_t *seed)
{
    assert_int_equal (progress->floor, plain->floor);
    for (int i = 0; i < 4; i++) {
        int64_t seq = (int64_t)(next_random (seed) % SEQS) + 1;
        bool expected = seq <= plain->floor + WINDOW && plain->has_ended [seq];
        assert_int_equal (progress_has_ended (progress, seq), expected);
        assert_int_equal (progress_has_room (progress, seq), seq - plain->floor <= WINDOW);
    }
}

static void
check_round_trip (const progress_t *progress)
{
    uint8_t bytes [PROGRESS_SPAN / 8];
    size_t size = progress_encode (progress, bytes);
    progress_t again = {.floor = -1};
    assert_true (progress_decode (&again, progress->floor, bytes, size));
    assert_memory_equal (&again, progress, sizeof (again));
}

//  The nth from the floor, within `width`, that has not ended; 0 when there is none.
static int64_t
choose (const plain_t *plain, int64_t width, uint64_t *seed)
{
    int64_t first = plain->floor + 1;
    int64_t last = first + width - 1 < SEQS ? first + width - 1 : SEQS;
    if (first > last)
        return 0;
    int64_t start = first + (int64_t)(next_random (seed) % (uint64_t)(last - first + 1));
    for (int64_t seq = start; seq <= last; seq++)
        if (!plain->has_ended [seq])
            return seq;
    return first;  //  the floor's neighbour has never ended
}

static void
a_random_life_is_that_of_the_plain_model (void **state)
{
    (void)state;
    static plain_t plain;
    for (uint64_t number = 1; number <= SEEDS; number++) {
        uint64_t seed = number * 0x9e3779b97f4a7c15;
        int64_t width = (int64_t [3]){16, 300, WINDOW} [number % 3];
        progress_t progress = {.floor = 0};
        plain = (plain_t){.floor = 0};
        for (int64_t seq; (seq = choose (&plain, width, &seed));) {
            if (next_random (&seed) % 1024 == 0) {
                int64_t far = next_random (&seed) % 16 ? 24 : 2 * width;
                int64_t to = plain.floor + (int64_t)(next_random (&seed) % (uint64_t)far) - 8;
                to = to > SEQS ? SEQS : to;
                progress_raise (&progress, to);
                plain_raise (&plain, to);
            }
            else {
                progress_end (&progress, seq);
                plain.has_ended [seq] = true;
                plain_rise (&plain);
            }
            compare (&progress, &plain, &seed);
            if (next_random (&seed) % 256 == 0)
                check_round_trip (&progress);
        }
        assert_int_equal (progress.floor, SEQS);
    }
}

static void
the_floor_rises_over_what_ended_before (void **state)
{
    (void)state;
    progress_t progress = {.floor = 0};
    progress_end (&progress, 3);
    progress_end (&progress, 2);
    assert_int_equal (progress.floor, 0);
    assert_int_equal (progress.done_above [0], 6);  //  bit 0 stands for floor + 1
    progress_end (&progress, 1);
    assert_int_equal (progress.floor, 3);
    assert_int_equal (progress.done_above [0], 0);
}

static void
a_full_span_rises_at_once (void **state)
{
    (void)state;
    progress_t progress = {.floor = 10};
    assert_true (progress_has_room (&progress, 10 + PROGRESS_SPAN));
    assert_false (progress_has_room (&progress, 11 + PROGRESS_SPAN));
    for (int64_t seq = 10 + PROGRESS_SPAN; seq > 10; seq--)
        progress_end (&progress, seq);
    assert_int_equal (progress.floor, 10 + PROGRESS_SPAN);
    uint8_t bytes [PROGRESS_SPAN / 8];
    assert_int_equal (progress_encode (&progress, bytes), 0);
}

static void
raising_keeps_what_is_above_and_never_falls (void **state)
{
    (void)state;
    progress_t progress = {.floor = 0};
    progress_end (&progress, 70);
    progress_end (&progress, 72);
    progress_raise (&progress, 69);
    assert_int_equal (progress.floor, 70);
    assert_false (progress_has_ended (&progress, 71));
    assert_true (progress_has_ended (&progress, 72));
    progress_raise (&progress, 5);
    assert_int_equal (progress.floor, 70);
    progress_raise (&progress, INT64_MAX - PROGRESS_SPAN);
    assert_int_equal (progress.floor, INT64_MAX - PROGRESS_SPAN);
    assert_false (progress_has_ended (&progress, INT64_MAX));
}

static void
bytes_of_the_store_are_little_endian_words_without_the_empty_end (void **state)
{
    (void)state;
    progress_t progress = {.floor = 100};
    progress_end (&progress, 102);
    progress_end (&progress, 100 + 64 + 9);
    uint8_t bytes [PROGRESS_SPAN / 8];
    static const uint8_t expected [] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    assert_int_equal (progress_encode (&progress, bytes), sizeof (expected));
    assert_memory_equal (bytes, expected, sizeof (expected));
}

static void
bytes_that_cannot_be_change_nothing (void **state)
{
    (void)state;
    progress_t progress = {.floor = 7}, before = progress;
    static const uint8_t bytes [PROGRESS_SPAN / 8 + 8] = {1};
    assert_false (progress_decode (&progress, 0, bytes, sizeof (bytes)));
    assert_false (progress_decode (&progress, 0, bytes, 7));
    assert_false (progress_decode (&progress, -1, bytes, 8));
    assert_memory_equal (&progress, &before, sizeof (progress));
    assert_true (progress_decode (&progress, 4, NULL, 0));
    assert_int_equal (progress.floor, 4);
    assert_true (progress_decode (&progress, 4, bytes, 8));  //  bit 0 is the floor's neighbour
    assert_int_equal (progress.floor, 5);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_random_life_is_that_of_the_plain_model),
        cmocka_unit_test (the_floor_rises_over_what_ended_before),
        cmocka_unit_test (a_full_span_rises_at_once),
        cmocka_unit_test (raising_keeps_what_is_above_and_never_falls),
        cmocka_unit_test (bytes_of_the_store_are_little_endian_words_without_the_empty_end),
        cmocka_unit_test (bytes_that_cannot_be_change_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
