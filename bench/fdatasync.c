/*  fdatasync – what the disk alone costs: the floor under every durable answer.
 *
 *      fdatasync FILE COUNT
 *
 *  Writes 4 KiB and syncs, COUNT times: once growing the file, as a new log does, and once over what
 *  is there, as SQLite's log does after its first checkpoint. Prints one line of JSON.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/histogram.h"
#include "daemon/clock.h"

enum { WRITE_BYTES = 4096 };

static void
measure (int file, long count, histogram_t *histogram)
{
    static char bytes [WRITE_BYTES];
    for (long i = 0; i < count; i++) {
        int64_t start = monotonic_us ();
        if (pwrite (file, bytes, sizeof bytes, i * WRITE_BYTES) != WRITE_BYTES || fdatasync (file))
            err (1, "write and fdatasync");
        histogram_add (histogram, monotonic_us () - start);
    }
}

static void
print (const char *name, const histogram_t *histogram, const char *end)
{
    char text [160];
    histogram_format (histogram, text, sizeof text);
    printf ("\"%s\": {%s}%s", name, text, end);
}

int
main (int argc, char **argv)
{
    if (argc != 3)
        errx (2, "usage: fdatasync FILE COUNT");
    int file = open (argv [1], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        err (1, "%s", argv [1]);

    static histogram_t growing, over;
    long count = strtol (argv [2], NULL, 10);
    measure (file, count, &growing);
    measure (file, count, &over);
    close (file);
    unlink (argv [1]);

    printf ("{");
    print ("growing", &growing, ", ");
    print ("over", &over, "}\n");
    return 0;
}
