/* errand – what the worker tells its helper to run, and the report that comes back.
 *
 *  An errand is one message: these numbers, and behind them the texts, each with its zero: arguments,
 *  environment, directory. With it go two descriptors: the event to read, and the socket of the run.
 *  Both ends are one program, so there is no version and no byte order; still the reader checks, since
 *  the helper may be able to do what the worker is not.
 */
#ifndef ERRAND_H
#define ERRAND_H

#include "worker/actions/body.h"
#include "worker/exec/program.h"

enum { ERRAND_BYTES = 65536, ERRAND_WORDS = 1024 };

typedef struct {
    int64_t timeout_ms, grace_ms, memory_bytes, output_bytes, file_bytes, processes;
    exec_user_t user;
    uint32_t argument_count, environment_count;
} errand_t;

//  An errand as the helper reads it; its texts are those of the message.
typedef struct {
    errand_t numbers;
    char *arguments [ERRAND_WORDS + 1];    //  NULL behind them
    char *environment [ERRAND_WORDS + 1];  //
    char *directory;
} errand_read_t;

typedef enum {
    RUN_EXITED,     //  code: its exit code
    RUN_SIGNALLED,  //  code: the signal
    RUN_TIMED_OUT,
    RUN_CANCELLED,
    RUN_POURED,       //  more output than it may have
    RUN_NOT_STARTED,  //  code: errno, step: of what
    RUN_PROGRESS      //  no end: code: percent, and output_size bytes of words follow
} run_end_t;

//  What could go wrong before a program is one.
typedef enum { STEP_FORK, STEP_LIMITS, STEP_USER, STEP_DIRECTORY, STEP_COMMAND } run_step_t;

//  What the keeper of a run writes into its socket at the end; behind it output, then log. Before that, in
//  the same form, how far the run is.
typedef struct {
    int32_t end, code, step;
    uint32_t output_size;  //  bytes
    uint32_t log_size;     //  the last ones of stderr
} report_t;

//  Into body, which is empty. more: further NAME=VALUE, NULL behind them.
void errand_write (body_t *body, const program_t *program, int64_t timeout_ms, char *const *more);
//  False: it is no errand.
bool errand_read (errand_read_t *self, char *bytes, size_t size);

#endif
