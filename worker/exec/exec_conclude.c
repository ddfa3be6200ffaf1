#include "worker/exec/exec_conclude.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "worker/actions/reply.h"

enum { LOG_SHOWN = 800 };  //  bytes of the log that go into the error

/*  The last lines of a log, whole ones if there is more than one, as " : LINES"; "" when it is empty. */
static void
show_log (const char *log, size_t size, char shown [LOG_SHOWN + 3])
{
    while (size > 0 && strchr (" \t\r\n", log [size - 1]))
        size--;
    shown [0] = '\0';
    if (size == 0)
        return;
    if (size > LOG_SHOWN) {
        log += size - LOG_SHOWN;
        size = LOG_SHOWN;
        const char *line = memchr (log, '\n', size);
        if (line) {
            size -= (size_t)(line + 1 - log);
            log = line + 1;
        }
    }
    char *text = stpcpy (shown, ": ");
    reply_show (log, size, text, LOG_SHOWN + 1);
}

static const char *
step_words (run_step_t step)
{
    switch (step) {
        case STEP_FORK: return "a process for it";
        case STEP_LIMITS: return "its limits";
        case STEP_USER: return "its user";
        case STEP_DIRECTORY: return "its directory";
        case STEP_COMMAND: return "its command";
    }
    return "it";
}

static void
conclude_exit (int code, const char *log, ending_t *end)
{
    if (code == EX_TEMPFAIL)
        ending_retry (end, "exit code %d%s", code, log);
    else if (code != 0)
        ending_fail (end, "exit code %d%s", code, log);
}

static void
conclude_end (const program_t *program, const report_t *report, const char *log, ending_t *end)
{
    const char *words = NULL;
    switch ((run_end_t)report->end) {
        case RUN_EXITED: conclude_exit (report->code, log, end); return;
        case RUN_SIGNALLED:
            words = sigdescr_np (report->code);
            ending_fail (end, "killed by signal %d (%s)%s", report->code, words ? words : "unknown",
                         log);
            return;
        case RUN_TIMED_OUT:
            ending_retry (end, "%s was killed: it took too long%s", program->name, log);
            return;
        case RUN_CANCELLED:
            ending_retry (end, "%s was killed: the worker stopped, or lost the broker%s",
                          program->name, log);
            return;
        case RUN_POURED:
            ending_fail (end, "%s was killed: it wrote more than %lld bytes%s", program->name,
                         (long long)program->output_bytes, log);
            return;
        case RUN_NOT_STARTED:
            words = strerrordesc_np (report->code);
            ending_retry (end, "%s could not be started: %s: %s", program->name,
                          step_words ((run_step_t)report->step), words ? words : "unknown");
            return;
        case RUN_PROGRESS: break;  //  whoever said so was killed in the midst of it
    }
    ending_retry (end, "%s ended in a way that is not known", program->name);
}

void
exec_conclude (const program_t *program, const char *bytes, size_t size, ending_t *end)
{
    report_t report;
    if (size < sizeof report) {
        ending_retry (end, "%s was lost: the process that looked after it was killed",
                      program->name);
        return;
    }
    memcpy (&report, bytes, sizeof report);
    const char *output = bytes + sizeof report;
    size_t left = size - sizeof report;
    size_t output_size = report.output_size < left ? report.output_size : left;
    size_t log_size = left - output_size < report.log_size ? left - output_size : report.log_size;
    char log [LOG_SHOWN + 3];
    show_log (output + output_size, log_size, log);
    conclude_end (program, &report, log, end);
    while (output_size > 0 && strchr ("\r\n", output [output_size - 1]))
        output_size--;
    if (output_size > 0)
        ending_keep_result (end, output, output_size, (size_t)program->output_bytes);
}
