/*  plain_reader: any members of a plain event; what it takes is an event, whole and verbatim. */
#include <string.h>

#include "gateway/plain_reader.h"
#include "proto/model/assert.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static reading_t reading;
    limits_t limits = limits_default ();
    bytes_t body = {0};
    bytes_add (&body, data, size);

    json_span_t name;
    problem_t problem = {0};
    reading_start (&reading, body.at, body.size, &limits, 1795489200123);
    json_scan_enter_object (&reading.scan);
    if (json_scan_member (&reading.scan, &name)) {
        status_t status = plain_read (&reading, name, &problem);
        ASSERT (status == STATUS_OK || problem.text [0], "who is refused is told why");
        ASSERT ((status == STATUS_OK) == (reading.events.count == 1) || status == STATUS_TOO_LARGE,
                "one event, or none");
    }
    for (size_t i = 0; i < reading.events.count; i++) {
        const event_t *event = reading.events.at [i];
        ASSERT (event_check (event, &limits, NULL) == STATUS_OK, "what is made may be sent");
        ASSERT (memmem (body.at, body.size, event->data, event->data_size), "data is verbatim");
    }
    reading_reset (&reading);
    bytes_free (&body);
    return 0;
}
