/*  metrics – counters, gauges and histograms of one role, in Prometheus' text format.
 *
 *  What there is stands in metrics.tbl, once: name, type, label, help. A registry belongs to a role,
 *  so that `tocsin up`, with three in one process, shows each number once. Any thread; adding costs
 *  one atomic instruction.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>
#include <stdint.h>

typedef struct metrics metrics_t;

typedef enum {
#define METRIC(name, type, role, label, text) METRIC_##name,
#include "daemon/metrics.tbl"
    METRICS
} metric_t;

metrics_t *metrics_new (const char *role);  //  "broker": shows only its metrics
void metrics_destroy (metrics_t **self_p);

void metrics_add (metrics_t *self, metric_t metric, int64_t n);
void metrics_set (metrics_t *self, metric_t metric, int64_t value);
//  One of a labelled counter: `value` of its label, of which there are at most 64; more count as "other".
void metrics_add_labelled (metrics_t *self, metric_t metric, const char *value, int64_t n);
void metrics_observe (metrics_t *self, metric_t metric, int64_t microseconds);  //  a histogram

char *metrics_text (const metrics_t *self);  //  free () it

#endif
