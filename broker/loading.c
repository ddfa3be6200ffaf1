#include "broker/loading.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

static track_record_t
loading_record (const struct progress_row *row, int64_t level_seq)
{
    track_record_t record = {
        .subscription = row->subscription,
        .progress = row->progress,
        .exceptions = row->exceptions,
        .exception_count = row->exception_count,
        .dead_count = row->dead_count,
    };
    if (row->is_quiet && record.progress.floor < level_seq)
        progress_raise (&record.progress, level_seq);
    return record;
}

static void
loading_tell_partition (edge_t *edge, const inventory_t *inventory, int32_t partition,
                        track_record_t *records)
{
    input_t input = {.kind = INPUT_TENURE_GAINED};
    input.tenure.partition = partition;
    input.tenure.first_seq = inventory->partitions [partition].first_seq;
    input.tenure.last_seq = inventory->partitions [partition].last_seq;
    input.tenure.level_seq = inventory->partitions [partition].level_seq;
    input.tenure.tracks = records;
    for (size_t i = 0; i < inventory->progress_count; i++)
        if (inventory->progresses [i].partition == partition)
            records [input.tenure.count++] =
                loading_record (&inventory->progresses [i], input.tenure.level_seq);
    edge_step (edge, &input);
}

static int
loading_compare (const void *a, const void *b)
{
    const struct health_row *one = a, *other = b;
    return strcmp (one->subscription, other->subscription);
}

//  Among those that are sorted; NULL: it has none.
static const health_t *
loading_health (const inventory_t *inventory, const char *subscription)
{
    struct health_row wanted = {.subscription = subscription};
    const struct health_row *found =
        inventory->health_count == 0
            ? NULL
            : bsearch (&wanted, inventory->healths, inventory->health_count, sizeof wanted,
                       loading_compare);
    return found ? &found->health : NULL;
}

void
loading_tell (edge_t *edge, const inventory_t *inventory)
{
    if (inventory->health_count > 0)
        qsort (inventory->healths, inventory->health_count, sizeof *inventory->healths,
               loading_compare);
    for (size_t i = 0; i < inventory->subscription_count; i++) {
        input_t input = {.kind = INPUT_SUBSCRIBE};
        input.subscribe.subscription = inventory->subscriptions [i];
        input.subscribe.is_loaded = true;
        input.subscribe.health = loading_health (inventory, inventory->subscriptions [i]->id);
        edge_step (edge, &input);
    }
    track_record_t *records = allocate (inventory->progress_count, sizeof *records);
    for (int32_t i = 0; i < inventory->partition_count; i++)
        loading_tell_partition (edge, inventory, i, records);
    free (records);
}
