/*  progress – how far one subscription has come in one partition.
 *
 *  Everything at or below floor has ended, did not match, or has an exception. What ended above it,
 *  out of order, is a bit of done_above; bit 0 stands for floor + 1. After a crash, what is above
 *  floor and has no bit is delivered again: never more than was in flight.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_SPAN = 4096, PROGRESS_WORDS = PROGRESS_SPAN / 64 };

typedef struct {
    int64_t floor;  //  a seq; 0 before the first event
    uint64_t done_above [PROGRESS_WORDS];
} progress_t;

void progress_end (progress_t *self, int64_t seq);  //  once for each seq, in any order
bool progress_has_ended (const progress_t *self, int64_t seq);
bool progress_has_room (const progress_t *self, int64_t seq);  //  no: what pins floor goes `slow`

//  Nothing at or below new_floor is left to do. Never falls.
void progress_raise (progress_t *self, int64_t new_floor);

/*  Its bytes in the store: bits only, little endian, trailing zero words left out. The size is at
 *  most PROGRESS_SPAN / 8. progress_decode answers false for a size that cannot be.
 */
size_t progress_encode (const progress_t *self, uint8_t bytes [PROGRESS_SPAN / 8]);
bool progress_decode (progress_t *self, int64_t floor, const uint8_t *bytes, size_t size);

#endif
