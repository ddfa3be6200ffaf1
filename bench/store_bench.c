/*  store_bench – commits of the plain store, beside a bare write and fdatasync of the same bytes.
 *
 *      store_bench FILE [COMMITS]
 *
 *  Events of 1 KiB, in batches as the broker's group commit makes them, with tidy in a thread of its
 *  own as the broker has it. Store and bare disk take turns of a hundred commits, so that both meet
 *  the same machine. Then the log is cut beside: as fast as it grows, and down to a tenth. FILE and
 *  what belongs to it is made and removed. Prints "what: figures" lines.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/store.h"
#include "proto/model/event_id.h"
#include "proto/model/owned.h"

enum {
    EVENT_BYTES = 1024,
    TURN_COMMITS = 100,
    BATCH_MOST = 256,
    COMMITS = 3000,
    TRIM_BATCH = 64,    //  events in a commit while the log is cut
    TRIM_STRETCH = 500  //  seqs in one cut, as the core has it
};

static int64_t
now_ns (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C (1000000000) + now.tv_nsec;
}

typedef struct {
    int64_t *ns;
    size_t count;
} samples_t;

static int
by_size (const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

//  µs; sorted before.
static double
quantile (const samples_t *samples, double part)
{
    return (double)samples->ns [(size_t)(part * (double)(samples->count - 1))] / 1e3;
}

static double
mean_us (const samples_t *samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples->count; i++)
        sum += (double)samples->ns [i] / 1e3;
    return sum / (double)samples->count;
}

//  The broker's third thread: tidies when told that something was committed.
typedef struct {
    store_t *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t told;
    bool has_work, has_to_end;
} tidier_t;

static void *
tidy_on (void *context)
{
    tidier_t *self = context;
    pthread_mutex_lock (&self->mutex);
    while (!self->has_to_end) {
        if (!self->has_work) {
            pthread_cond_wait (&self->told, &self->mutex);
            continue;
        }
        self->has_work = false;
        pthread_mutex_unlock (&self->mutex);
        self->store->ops->tidy (self->store);
        pthread_mutex_lock (&self->mutex);
    }
    pthread_mutex_unlock (&self->mutex);
    return NULL;
}

static void
tidier_tell (tidier_t *self, bool has_to_end)
{
    pthread_mutex_lock (&self->mutex);
    self->has_work = true;
    self->has_to_end = has_to_end;
    pthread_cond_signal (&self->told);
    pthread_mutex_unlock (&self->mutex);
}

//  A kilobyte with its attributes, under an id that rises with time.
static event_t *
make_event (int64_t number)
{
    static char data [EVENT_BYTES];
    memset (data, 'x', sizeof data);
    char id [EVENT_ID_SIZE], subject [64];
    event_id_make (1700000000000 + number / 20, id);
    snprintf (subject, sizeof subject, "/buckets/blog/collections/articles/records/%" PRId64,
              number);
    event_t fields = {.id = id,
                      .source = "https://kinto.example/v1",
                      .type = "kinto.record.update",
                      .subject = subject,
                      .key = subject,
                      .time = "2026-01-01T00:00:00Z",
                      .content_type = "application/json",
                      .data = (const uint8_t *)data,
                      .data_size = sizeof data,
                      .accepted_ms = 1700000000000};
    return event_new (&fields);
}

//  trim_seq: 0: the log is not cut.
static int64_t
commit_ns (store_t *store, size_t batch_size, int64_t trim_seq)
{
    static int64_t number;
    event_t *events [BATCH_MOST];
    stored_t stored [BATCH_MOST];
    for (size_t i = 0; i < batch_size; i++)
        events [i] = make_event (number++);
    change_t trim = {.kind = CHANGE_TRIM, .seq = trim_seq};
    batch_t batch = {.events = events,
                     .event_count = batch_size,
                     .changes = &trim,
                     .change_count = trim_seq > 0};
    problem_t problem;
    int64_t start = now_ns ();
    if (store->ops->commit (store, &batch, stored, &problem) != STATUS_OK)
        errx (1, "%s", problem.text);
    int64_t taken = now_ns () - start;
    for (size_t i = 0; i < batch_size; i++)
        event_destroy (&events [i]);
    return taken;
}

static int64_t
write_ns (int file, size_t batch_size)
{
    static char bytes [BATCH_MOST * EVENT_BYTES];
    static off_t at;
    int64_t start = now_ns ();
    ssize_t size = (ssize_t)(batch_size * EVENT_BYTES);
    if (pwrite (file, bytes, (size_t)size, at) != size || fdatasync (file))
        err (1, "write and fdatasync");
    at = (at + size) % (32 << 20);  //  goes round, as the WAL does
    return now_ns () - start;
}

static void
report (size_t batch_size, samples_t *ours, samples_t *bare)
{
    qsort (ours->ns, ours->count, sizeof *ours->ns, by_size);
    qsort (bare->ns, bare->count, sizeof *bare->ns, by_size);
    printf ("commit of %zu: p50 %.0f µs, p99 %.0f µs, most %.0f µs, %.0f events/s; "
            "bare disk p50 %.0f µs, p99 %.0f µs; ratio %.2f (mean %.2f)\n",
            batch_size, quantile (ours, 0.5), quantile (ours, 0.99), quantile (ours, 1),
            1e6 * (double)batch_size / mean_us (ours), quantile (bare, 0.5), quantile (bare, 0.99),
            quantile (ours, 0.5) / quantile (bare, 0.5), mean_us (ours) / mean_us (bare));
    fflush (stdout);
}

static void
measure (tidier_t *tidier, int file, size_t batch_size, size_t commits)
{
    samples_t ours = {.ns = calloc (commits, sizeof (int64_t))};
    samples_t bare = {.ns = calloc (commits, sizeof (int64_t))};
    if (!ours.ns || !bare.ns)
        errx (1, "out of memory");
    while (ours.count < commits) {
        for (int i = 0; i < TURN_COMMITS && ours.count < commits; i++) {
            ours.ns [ours.count++] = commit_ns (tidier->store, batch_size, 0);
            tidier_tell (tidier, false);
        }
        for (int i = 0; i < TURN_COMMITS && bare.count < commits; i++)
            bare.ns [bare.count++] = write_ns (file, batch_size);
    }
    report (batch_size, &ours, &bare);
    free (ours.ns);
    free (bare.ns);
}

static weight_t
weigh (store_t *store)
{
    weight_t weight;
    problem_t problem;
    if (store->ops->weigh (store, 0, 0, 0, &weight, &problem) != STATUS_OK)
        errx (1, "%s", problem.text);
    return weight;
}

static double
file_mib (const char *path)
{
    struct stat file;
    if (stat (path, &file))
        err (1, "%s", path);
    return (double)file.st_size / (1 << 20);
}

//  Cuts the log whenever it has a stretch more than `keep`, commit by commit.
static void
measure_trimming (tidier_t *tidier, const char *path, const char *what, int64_t keep,
                  size_t commits)
{
    samples_t plain = {.ns = calloc (commits, sizeof (int64_t))};
    samples_t cutting = {.ns = calloc (commits, sizeof (int64_t))};
    if (!plain.ns || !cutting.ns)
        errx (1, "out of memory");
    double before_mib = file_mib (path);
    weight_t weight = weigh (tidier->store);
    int64_t first = weight.first_seq, last = weight.last_seq;
    for (size_t i = 0; i < commits; i++) {
        bool is_cut = last - first + 1 >= keep + TRIM_STRETCH;
        if (is_cut)
            first += TRIM_STRETCH;
        int64_t taken = commit_ns (tidier->store, TRIM_BATCH, is_cut ? first - 1 : 0);
        samples_t *samples = is_cut ? &cutting : &plain;
        samples->ns [samples->count++] = taken;
        last += TRIM_BATCH;
        tidier_tell (tidier, false);
    }
    qsort (plain.ns, plain.count, sizeof *plain.ns, by_size);
    qsort (cutting.ns, cutting.count, sizeof *cutting.ns, by_size);
    printf ("%s: %zu commits of %d p50 %.0f µs, p99 %.0f µs; %zu more that cut p50 %.0f µs, p99 "
            "%.0f µs; file %.1f MiB before, %.1f after, of which in use %.1f\n",
            what, plain.count, TRIM_BATCH, plain.count ? quantile (&plain, 0.5) : 0,
            plain.count ? quantile (&plain, 0.99) : 0, cutting.count,
            cutting.count ? quantile (&cutting, 0.5) : 0,
            cutting.count ? quantile (&cutting, 0.99) : 0, before_mib, file_mib (path),
            (double)weigh (tidier->store).bytes / (1 << 20));
    fflush (stdout);
    free (plain.ns);
    free (cutting.ns);
}

static void
remove_files (const char *path)
{
    static const char *const endings [] = {"", "-wal", "-shm", ".lock", ".bare"};
    for (size_t i = 0; i < sizeof endings / sizeof endings [0]; i++) {
        char name [4096];
        snprintf (name, sizeof name, "%s%s", path, endings [i]);
        unlink (name);
    }
}

static store_t *
open_at (const char *path)
{
    char url [4096];
    snprintf (url, sizeof url, "sqlite://%s", path);
    limits_t limits = limits_default ();
    problem_t problem;
    store_t *store = store_open (url, 1, &limits, &problem);
    if (!store)
        errx (1, "%s", problem.text);
    return store;
}

static void
measure_opening (const char *path)
{
    int64_t start = now_ns ();
    OWNED (store) store_t *store = open_at (path);
    inventory_t *inventory = NULL;
    problem_t problem;
    if (store->ops->load (store, &inventory, &problem) != STATUS_OK)
        errx (1, "%s", problem.text);
    printf ("opened and loaded, with %" PRId64 " events: %.1f ms\n",
            inventory->partitions [0].last_seq, (double)(now_ns () - start) / 1e6);
    inventory_destroy (&inventory);
}

int
main (int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        errx (2, "usage: store_bench FILE [COMMITS]");
    size_t commits = argc == 3 ? strtoul (argv [2], NULL, 10) : COMMITS;
    remove_files (argv [1]);
    char bare [4096];
    snprintf (bare, sizeof bare, "%s.bare", argv [1]);
    int file = open (bare, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        err (1, "%s", bare);

    tidier_t tidier = {.store = open_at (argv [1]),
                       .mutex = PTHREAD_MUTEX_INITIALIZER,
                       .told = PTHREAD_COND_INITIALIZER};
    pthread_create (&tidier.thread, NULL, tidy_on, &tidier);
    static const size_t batches [] = {1, 16, 64, 256};
    for (size_t i = 0; i < sizeof batches / sizeof batches [0]; i++)
        measure (&tidier, file, batches [i], commits);
    weight_t grown = weigh (tidier.store);
    int64_t events = grown.last_seq - grown.first_seq + 1;
    measure_trimming (&tidier, argv [1], "cut as it grows", events, commits);
    measure_trimming (&tidier, argv [1], "cut to a tenth", events / 10, commits);
    tidier_tell (&tidier, true);
    pthread_join (tidier.thread, NULL);
    store_destroy (&tidier.store);

    measure_opening (argv [1]);
    close (file);
    remove_files (argv [1]);
    return 0;
}
