/*  settings_file: any bytes as a configuration file. It is read whole or refused with a sentence, and
 *  what was read once is read the same again.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/settings.h"
#include "proto/model/assert.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

//  A file of these bytes, at a path of its own.
static int
write_file (const uint8_t *data, size_t size, char path [32])
{
    int file = memfd_create ("settings", 0);
    ASSERT (file >= 0 && write (file, data, size) == (ssize_t)size, "memory holds a small file");
    snprintf (path, 32, "/proc/self/fd/%d", file);
    return file;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char path [32];
    int file = write_file (data, size, path);
    settings_t *first = settings_new (), *again = settings_new ();
    problem_t problem = {0}, other = {0};
    status_t status = settings_read_file (first, path, &problem);
    ASSERT (status == STATUS_OK || problem.text [0], "who is refused is told why");
    ASSERT (settings_read_file (again, path, &other) == status, "the same file, the same answer");
    if (status == STATUS_OK) {
        ASSERT (settings_number (first, "store/partitions") >= 1, "what is taken is within bounds");
        ASSERT (settings_number (first, "store/partitions") ==
                    settings_number (again, "store/partitions"),
                "and is the same each time");
    }
    settings_destroy (&again);
    settings_destroy (&first);
    close (file);
    return 0;
}
