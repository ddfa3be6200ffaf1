#include "bench/histogram.h"

#include <stddef.h>

enum { CUTS = 32, CUTS_BITS = 5 };

static int
bucket_of (uint64_t us)
{
    if (us < CUTS)
        return (int)us;
    int power = 63 - __builtin_clzll (us);  //  at least CUTS_BITS
    int cut = (int)(us >> (power - CUTS_BITS)) - CUTS;
    int bucket = (power - CUTS_BITS + 1) * CUTS + cut;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

//  The middle of what falls into a bucket.
static int64_t
value_of (int bucket)
{
    if (bucket < CUTS)
        return bucket;
    int shift = bucket / CUTS - 1;
    int64_t low = (int64_t)(bucket % CUTS + CUTS) << shift;
    return low + ((int64_t)1 << shift) / 2;
}

void
histogram_add (histogram_t *self, int64_t us)
{
    self->counts [bucket_of (us > 0 ? (uint64_t)us : 0)]++;
    self->count++;
    if (us > self->most_us)
        self->most_us = us;
}

int64_t
histogram_quantile (const histogram_t *self, double quantile)
{
    uint64_t rank = (uint64_t)(quantile * (double)self->count);
    uint64_t passed = 0;
    for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        passed += self->counts [bucket];
        if (passed > rank)
            return value_of (bucket);
    }
    return self->most_us;
}

int
histogram_format (const histogram_t *self, char *text, size_t size)
{
    return snprintf (
        text, size, "\"p50_us\": %lld, \"p99_us\": %lld, \"p999_us\": %lld, \"most_us\": %lld",
        (long long)histogram_quantile (self, 0.5), (long long)histogram_quantile (self, 0.99),
        (long long)histogram_quantile (self, 0.999), (long long)self->most_us);
}
