/*  transformer – a process of tocsin-jq, seen from the one that asks it: one question at a time.
 *
 *  It is begun without environment and descriptors, and confines itself (jq/README.md). A question
 *  that takes too long is answered by destroying it, which kills it; so does an end of its own, and
 *  then another one is made.
 */
#ifndef TRANSFORMER_H
#define TRANSFORMER_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/transform_talk.h"
#include "proto/model/status.h"

typedef struct transformer transformer_t;

//  NULL and a problem (SYSTEM): there is no tocsin-jq beside this program, or no process. Any thread.
transformer_t *transformer_new (problem_t *problem);
void transformer_destroy (transformer_t **self_p);  //  safe on NULL

/*  Asks; the one before has been answered. program: at most TRANSFORM_PROGRAM_BYTES. input: JSON; NULL:
 *  it is only compiled. Both are copied. cpu_ms: it is ended when it has worked for longer.
 */
void transformer_ask (transformer_t *self, const char *program, const char *input,
                      size_t input_size, size_t output_most, int cpu_ms);

typedef enum {
    TRANSFORMER_WANTS_WRITE,  //  when its descriptor can be written, or read
    TRANSFORMER_WANTS_READ,   //  when it can be read
    TRANSFORMER_ANSWERED,
    TRANSFORMER_ENDED  //  without an answer
} transformer_state_t;
transformer_state_t transformer_go_on (transformer_t *self);  //  never waits
int transformer_descriptor (const transformer_t *self);

//  Waits for up to timeout_ms. False: there is no answer; it may be destroyed.
bool transformer_wait (transformer_t *self, int timeout_ms);

/*  What it answered: OK, and the value as JSON; there until the next question. Otherwise in words why not,
 *  and OK with *value NULL when there was to be nothing, as `empty` says.
 */
status_t transformer_value (const transformer_t *self, const char **value, size_t *size,
                            problem_t *problem);
/*  In words why there is no answer; the process has ended, or is to be destroyed for its slowness.
 *  BAD_EVENT: by what was asked of it; SYSTEM: for another reason, and it may be asked of another one.
 */
status_t transformer_explain (transformer_t *self, problem_t *problem);

#endif
