/*  sqlite_fault – a disk under SQLite that fails when it is told to, or loses its power. For tests.
 *
 *  It stands between SQLite and the files of the process, counts the calls that change anything
 *  (write, sync, truncate, delete), and remembers of each file what was not synced yet.
 */
#ifndef SQLITE_FAULT_H
#define SQLITE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

void fault_install (void);  //  for all files opened from now on

typedef enum {
    FAULT_FULL,   //  no room; a sync does not fail of it
    FAULT_FAILS,  //  an I/O error
    FAULT_POWER   //  nothing fails, but what a power cut would leave is kept: see fault_remains
} fault_t;

void fault_forget (void);  //  what is known of files, when all are closed

/*  At the nth changing call from now (1 is the next) this happens, once. */
void fault_arm (fault_t fault, int nth);
bool fault_is_past (void);     //  it has happened
bool fault_has_struck (void);  //  the same, and if not it will not any more

/*  Of a file, at the moment FAULT_POWER struck: all that was synced, and of each sector written since
 *  the new or the old, by chance. Writes it to another path; nothing if there was no such file.
 */
void fault_remains (const char *path, const char *to, uint64_t *seed);

#endif
