#include "gateway/transform_check.h"

#include <jansson.h>
#include <pthread.h>

#include "daemon/transformer.h"
#include "proto/model/owned.h"
#include "proto/model/owned_json.h"

enum { CPU_MS = 1000, WAIT_MS = 10000 };

//  One at a time, however many requests there are: compiling is work, and memory.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static status_t
compile (const char *program, problem_t *problem)
{
    OWNED (transformer) transformer_t *transformer = transformer_new (problem);
    if (!transformer)
        return STATUS_SYSTEM;
    const char *value;
    size_t size;
    transformer_ask (transformer, program, NULL, 0, 0, CPU_MS);
    if (transformer_wait (transformer, WAIT_MS))
        return transformer_value (transformer, &value, &size, problem);
    if (transformer_explain (transformer, problem) == STATUS_BAD_EVENT)
        problem->status = STATUS_BAD_SUBSCRIPTION;
    return problem->status;
}

status_t
transform_check (json_span_t document, problem_t *problem)
{
    OWNED (json) json_t *json = json_loadb (document.at, document.size, 0, NULL);
    const json_t *program = json_object_get (json_object_get (json, "transform"), "jq");
    if (!json_is_string (program) || json_string_length (program) > TRANSFORM_PROGRAM_BYTES)
        return STATUS_OK;  //  the broker says what is wrong with it
    pthread_mutex_lock (&turn);
    status_t status = compile (json_string_value (program), problem);
    pthread_mutex_unlock (&turn);
    return status;
}
