#include "daemon/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { VALUES = 64 };  //  of one label; those that come later are "other"

typedef enum { COUNTER, GAUGE, HISTOGRAM } kind_t;

typedef struct {
    const char *name, *role, *label, *text;
    kind_t kind;
} row_t;

static const row_t rows [METRICS] = {
#define METRIC(name, type, role, label, text) {#name, role, label, text, type},
#include "daemon/metrics.tbl"
};

//  Upper bounds of the buckets of a histogram, in µs, and as Prometheus reads them.
static const struct {
    int64_t most_us;
    const char *seconds;
} buckets [] = {
    {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},     {2500, "0.0025"},
    {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},     {100000, "0.1"},
    {250000, "0.25"}, {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"},    {5000000, "5"},
    {10000000, "10"}, {30000000, "30"}, {60000000, "60"}, {INT64_MAX, "+Inf"},
};
enum { BUCKETS = sizeof buckets / sizeof buckets [0] };

typedef struct {
    _Atomic (char *) value;  //  of the label; NULL: free, and so are all after it. Owned
    atomic_int_fast64_t count;
} labelled_t;

typedef struct {
    atomic_int_fast64_t value;                //  a counter's or a gauge's; a histogram's sum in µs
    atomic_int_fast64_t in_bucket [BUCKETS];  //  a histogram's, each alone, not cumulative
    labelled_t *labelled;                     //  VALUES + 1 of them, the last is "other"
} metric_value_t;

struct metrics {
    const char *role;  //  borrowed: a literal
    metric_value_t values [METRICS];
    pthread_mutex_t naming;  //  held while a label gets a new value
};

metrics_t *
metrics_new (const char *role)
{
    metrics_t *self = ALLOCATE (metrics_t);
    self->role = role;
    pthread_mutex_init (&self->naming, NULL);
    for (int i = 0; i < METRICS; i++)
        if (*rows [i].label && strcmp (rows [i].role, role) == 0) {
            self->values [i].labelled = (labelled_t *)allocate (VALUES + 1, sizeof (labelled_t));
            atomic_store (&self->values [i].labelled [VALUES].value, allocate_copy ("other"));
        }
    return self;
}

void
metrics_destroy (metrics_t **self_p)
{
    metrics_t *self = *self_p;
    if (!self)
        return;
    for (int i = 0; i < METRICS; i++) {
        labelled_t *labelled = self->values [i].labelled;
        for (int j = 0; labelled && j <= VALUES; j++)
            free (atomic_load (&labelled [j].value));
        free (labelled);
    }
    pthread_mutex_destroy (&self->naming);
    free (self);
    *self_p = NULL;
}

void
metrics_add (metrics_t *self, metric_t metric, int64_t n)
{
    ASSERT (rows [metric].kind != HISTOGRAM && !*rows [metric].label,
            "a histogram is observed, and a labelled counter needs the value of its label");
    atomic_fetch_add_explicit (&self->values [metric].value, n, memory_order_relaxed);
}

void
metrics_set (metrics_t *self, metric_t metric, int64_t value)
{
    ASSERT (rows [metric].kind == GAUGE, "Prometheus takes a counter that falls for a restart");
    atomic_store_explicit (&self->values [metric].value, value, memory_order_relaxed);
}

/*  The place of a label's value, new or old; that of "other" when there is no more room. */
static labelled_t *
metrics_find (labelled_t *labelled, const char *value)
{
    for (int i = 0; i < VALUES; i++) {
        const char *known = atomic_load_explicit (&labelled [i].value, memory_order_acquire);
        if (!known || strcmp (known, value) == 0)
            return &labelled [i];
    }
    return &labelled [VALUES];
}

void
metrics_add_labelled (metrics_t *self, metric_t metric, const char *value, int64_t n)
{
    labelled_t *labelled = self->values [metric].labelled;
    ASSERT (labelled, "metrics.tbl gives this metric no label, or to another role");

    labelled_t *found = metrics_find (labelled, value);
    if (!atomic_load_explicit (&found->value, memory_order_acquire)) {
        pthread_mutex_lock (&self->naming);
        found = metrics_find (labelled, value);  //  somebody else may have been quicker
        if (!atomic_load_explicit (&found->value, memory_order_acquire))
            atomic_store_explicit (&found->value, allocate_copy (value), memory_order_release);
        pthread_mutex_unlock (&self->naming);
    }
    atomic_fetch_add_explicit (&found->count, n, memory_order_relaxed);
}

void
metrics_observe (metrics_t *self, metric_t metric, int64_t microseconds)
{
    ASSERT (rows [metric].kind == HISTOGRAM, "only a histogram is observed");
    int i = 0;
    while (microseconds > buckets [i].most_us)
        i++;
    metric_value_t *value = &self->values [metric];
    atomic_fetch_add_explicit (&value->in_bucket [i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit (&value->value, microseconds, memory_order_relaxed);
}

static int64_t
metrics_read (const atomic_int_fast64_t *value)
{
    return atomic_load_explicit (value, memory_order_relaxed);
}

/*  A label's value is one of our own words, or a name: what would end the quotes is escaped. */
static void
metrics_write_value (FILE *file, const char *value)
{
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            fputc ('\\', file);
        fputc (*value == '\n' ? ' ' : *value, file);
    }
}

static void
metrics_write_labelled (FILE *file, const row_t *row, const labelled_t *labelled)
{
    for (int i = 0; i <= VALUES; i++) {
        const char *value = atomic_load_explicit (&labelled [i].value, memory_order_acquire);
        int64_t count = metrics_read (&labelled [i].count);
        if (!value || (i == VALUES && count == 0))
            continue;
        fprintf (file, "tocsin_%s_total{%s=\"", row->name, row->label);
        metrics_write_value (file, value);
        fprintf (file, "\"} %" PRId64 "\n", count);
    }
}

static void
metrics_write_histogram (FILE *file, const row_t *row, const metric_value_t *value)
{
    int64_t up_to_here = 0;
    for (int i = 0; i < BUCKETS; i++) {
        up_to_here += metrics_read (&value->in_bucket [i]);
        fprintf (file, "tocsin_%s_bucket{le=\"%s\"} %" PRId64 "\n", row->name, buckets [i].seconds,
                 up_to_here);
    }
    fprintf (file, "tocsin_%s_sum %.6f\n", row->name, (double)metrics_read (&value->value) / 1e6);
    fprintf (file, "tocsin_%s_count %" PRId64 "\n", row->name, up_to_here);
}

static void
metrics_write (FILE *file, const row_t *row, const metric_value_t *value)
{
    static const char *const kinds [] = {"counter", "gauge", "histogram"};
    const char *ending = row->kind == COUNTER ? "_total" : "";
    fprintf (file, "# HELP tocsin_%s%s %s\n", row->name, ending, row->text);
    fprintf (file, "# TYPE tocsin_%s%s %s\n", row->name, ending, kinds [row->kind]);
    if (row->kind == HISTOGRAM)
        metrics_write_histogram (file, row, value);
    else if (value->labelled)
        metrics_write_labelled (file, row, value->labelled);
    else
        fprintf (file, "tocsin_%s%s %" PRId64 "\n", row->name, ending,
                 metrics_read (&value->value));
}

char *
metrics_text (const metrics_t *self)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream (&text, &size);
    ASSERT (file, "open_memstream fails only without memory");
    for (int i = 0; i < METRICS; i++)
        if (strcmp (rows [i].role, self->role) == 0)
            metrics_write (file, &rows [i], &self->values [i]);
    fclose (file);
    return text;
}
