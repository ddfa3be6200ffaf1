/*  place – a partition and a seq in one integer: the key of the log. track – a subscription's number
 *  and a partition in one: the key of its progress.
 *
 *  15 bits of partition above 48 bits of seq, so that a partition's events are neighbours, in
 *  order. Part of the format of the store: they never change.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdint.h>

enum { PLACE_SEQ_BITS = 48, PLACE_PARTITIONS_MOST = 1 << 15, TRACK_PARTITION_BITS = 16 };
#define PLACE_SEQ_MOST    ((INT64_C (1) << PLACE_SEQ_BITS) - 1)
#define TRACK_NUMBER_MOST ((INT64_C (1) << (62 - TRACK_PARTITION_BITS)) - 1)

static inline int64_t
place_of (int32_t partition, int64_t seq)
{
    return (int64_t)partition << PLACE_SEQ_BITS | seq;
}

static inline int32_t
place_partition (int64_t place)
{
    return (int32_t)(place >> PLACE_SEQ_BITS);
}

static inline int64_t
place_seq (int64_t place)
{
    return place & PLACE_SEQ_MOST;
}

static inline int64_t
track_of (int64_t number, int32_t partition)
{
    return number << TRACK_PARTITION_BITS | partition;
}

static inline int64_t
track_number (int64_t track)
{
    return track >> TRACK_PARTITION_BITS;
}

static inline int32_t
track_partition (int64_t track)
{
    return (int32_t)(track & ((1 << TRACK_PARTITION_BITS) - 1));
}

#endif
