#include "broker/loading.h"

#include <stdlib.h>

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
    input.tenure.last_seq = inventory->partitions [partition].last_seq;
    input.tenure.level_seq = inventory->partitions [partition].level_seq;
    input.tenure.tracks = records;
    for (size_t i = 0; i < inventory->progress_count; i++)
        if (inventory->progresses [i].partition == partition)
            records [input.tenure.count++] =
                loading_record (&inventory->progresses [i], input.tenure.level_seq);
    edge_step (edge, &input);
}

void
loading_tell (edge_t *edge, const inventory_t *inventory)
{
    for (size_t i = 0; i < inventory->subscription_count; i++) {
        input_t input = {.kind = INPUT_SUBSCRIBE};
        input.subscribe.subscription = inventory->subscriptions [i];
        input.subscribe.is_loaded = true;
        edge_step (edge, &input);
    }
    track_record_t *records = allocate (inventory->progress_count, sizeof *records);
    for (int32_t i = 0; i < inventory->partition_count; i++)
        loading_tell_partition (edge, inventory, i, records);
    free (records);
}
