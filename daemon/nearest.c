#include "daemon/nearest.h"

#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 64 };  //  longer ones are not compared: no word of ours is

static size_t
nearest_least (size_t a, size_t b)
{
    return a < b ? a : b;
}

/*  Changes from a to b: the restricted Damerau-Levenshtein distance, three rows at a time. */
static size_t
nearest_distance (const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows [3][WORD_BYTES + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows [0][j] = j;

    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows [i % 3];
        const size_t *above = rows [(i - 1) % 3];
        row [0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = above [j - 1] + (a [i - 1] != b [j - 1]);
            row [j] = nearest_least (replaced, nearest_least (above [j], row [j - 1]) + 1);
            if (i > 1 && j > 1 && a [i - 1] == b [j - 2] && a [i - 2] == b [j - 1])
                row [j] = nearest_least (row [j], rows [(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows [a_size % 3][b_size];
}

const char *
nearest_word (const char *written, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t fewest = SIZE_MAX;
    size_t size = strlen (written);
    if (size > WORD_BYTES)
        return NULL;

    for (size_t i = 0; i < count; i++) {
        size_t word_size = strlen (words [i]);
        if (word_size > WORD_BYTES)
            continue;
        size_t changes = nearest_distance (written, size, words [i], word_size);
        if (changes < fewest && changes * 3 <= word_size) {
            fewest = changes;
            nearest = words [i];
        }
    }
    return nearest;
}
