/*  complaints – lines of log that strangers can cause, and therefore few: of one subject one in a
 *  minute, and ten of all. What was left out is told as a number.
 *
 *  It belongs to one thread.
 */
#ifndef COMPLAINTS_H
#define COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMPLAINT_SUBJECTS = 10, COMPLAINT_MINUTE_MS = 60000 };

//  Zero-initialised it has heard nothing.
typedef struct {
    int64_t since_ms;                        //  when this minute began; 0: none has
    uint64_t subjects [COMPLAINT_SUBJECTS];  //  of this minute, as hashes
    size_t count;                            //  of subjects
    size_t left_out;                         //  lines, in this minute
} complaints_t;

/*  Whether a line about this subject is to be written. now_ms: monotonic. A minute that is over has
 *  to be closed before.
 */
bool complaints_may_say (complaints_t *self, const char *subject, int64_t now_ms);

//  How many lines a minute that is over by now left out; it is forgotten then. 0 while it runs.
size_t complaints_close (complaints_t *self, int64_t now_ms);

#endif
