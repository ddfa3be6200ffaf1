/*  transform_talk – what is said to tocsin-jq over its stdin, a stream socket, and what it answers.
 *
 *  One request, one answer, and so on; behind the head of either come its bytes. Both ends are of one
 *  build on one machine, so there is no version and no byte order.
 */
#ifndef TRANSFORM_TALK_H
#define TRANSFORM_TALK_H

#include <stdint.h>

enum {
    TRANSFORM_PROGRAM_BYTES = 16384,
    TRANSFORM_INPUT_BYTES = 67108864,    //  an event of the largest size, escaped
    TRANSFORM_MEMORY_BYTES = 268435456,  //  of addresses, that the process may have
    TRANSFORM_NO_MEMORY = 3              //  its exit code when that was not enough
};

//  Behind it: program, then input. Nothing else is known to the process.
typedef struct {
    uint32_t program_size;
    uint32_t input_size;   //  JSON
    uint32_t output_most;  //  bytes
    uint32_t cpu_ms;       //  the process is ended when it has worked for longer
    uint32_t only_compiles;
} transform_request_t;

typedef enum {
    TRANSFORM_VALUE,       //  bytes: JSON; or it could be compiled
    TRANSFORM_NOTHING,     //  as `empty` gives
    TRANSFORM_MANY,        //  more than one value
    TRANSFORM_FAILED,      //  bytes: what jq says
    TRANSFORM_NO_PROGRAM,  //  it cannot be compiled; bytes: why
    TRANSFORM_NO_INPUT,    //  the input is not JSON, or nested too deep
    TRANSFORM_LARGE        //  more than output_most
} transform_verdict_t;

typedef struct {
    uint32_t verdict;
    uint32_t size;  //  of what comes behind
} transform_answer_t;

#endif
