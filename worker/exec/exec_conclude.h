/*  exec_conclude – what the end of a run means, and what is said of it. */
#ifndef EXEC_CONCLUDE_H
#define EXEC_CONCLUDE_H

#include "worker/actions/ending.h"
#include "worker/exec/errand.h"

/*  bytes: a report, its output and its log, as the keeper wrote them; less of it when the keeper was
 *  killed.
 */
void exec_conclude (const program_t *program, const char *bytes, size_t size, ending_t *end);

#endif
