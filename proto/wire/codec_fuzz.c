/*  Any bytes are a message or a problem; and what is a message is the same one when it has gone
 *  over the wire again. The first two bytes are the command frame, the rest is the body.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/wire/message.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

static void
check_round (const message_t *message, const limits_t *limits)
{
    const uint8_t head [] = {WIRE_VERSION, (uint8_t)message->command};
    uint8_t *first, *second;
    size_t first_size, second_size;
    message_t again;
    problem_t problem = {0};

    message_encode (message, &first, &first_size);
    status_t status =
        message_decode (&again, head, sizeof (head), first, first_size, limits, &problem);
    ASSERT (status == STATUS_OK, "what was decoded can be sent on");
    message_encode (&again, &second, &second_size);
    ASSERT (first_size == second_size && memcmp (first, second, first_size) == 0,
            "a message that goes on is the same message");
    message_clear (&again);
    free (first);
    free (second);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    limits_t limits = limits_default ();
    size_t head_size = size < 2 ? size : 2;
    message_t message;
    problem_t problem = {0};
    status_t status = message_decode (&message, bytes, head_size, bytes + head_size,
                                      size - head_size, &limits, &problem);
    if (status == STATUS_OK)
        check_round (&message, &limits);
    else
        ASSERT (problem.status == status && *problem.text, "who refuses says why");
    message_clear (&message);
    if (size > head_size)
        message_request (bytes + head_size, size - head_size);
    return 0;
}
