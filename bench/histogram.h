/*  histogram – how long things took, as counts in buckets that widen with the value.
 *
 *  Each power of two is cut into 32, so a quantile is right to 3 %, from 1 µs to over an hour, in
 *  8 KiB and without sorting anything while it is measured.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_BUCKETS = 1024 };

typedef struct {
    uint64_t counts [HISTOGRAM_BUCKETS];
    uint64_t count;   //  of all
    int64_t most_us;  //  the longest, exactly
} histogram_t;

void histogram_add (histogram_t *self, int64_t us);
int64_t histogram_quantile (const histogram_t *self, double quantile);  //  µs; 0 when empty

//  "p50_us": 310, "p99_us": 812, "p999_us": 1200, "most_us": 1388: members of a JSON object.
int histogram_format (const histogram_t *self, char *text, size_t size);

#endif
