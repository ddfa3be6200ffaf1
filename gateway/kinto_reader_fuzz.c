/*  kinto_reader: any body that begins like a notification; what it takes are events whose data is
 *  JSON again.
 */
#include "gateway/event_reader.h"
#include "proto/model/assert.h"

static void
check_data (const event_t *event)
{
    static json_scan_t scan;
    bytes_t copy = {0};
    json_span_t value;
    bytes_add (&copy, event->data, event->data_size);
    json_scan_start (&scan, copy.at, copy.size, JSON_DEPTH_MOST);
    json_scan_skip (&scan, &value);
    ASSERT (json_scan_end (&scan, NULL) == STATUS_OK, "spans of JSON are put together to JSON");
    bytes_free (&copy);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static reading_t reading;
    limits_t limits = limits_default ();
    limits.events_per_request = 16;
    bytes_t body = {0};
    bytes_add (&body, data, size);

    problem_t problem = {0};
    status_t status = event_read (&reading, body.at, body.size, &limits, 1795489200123, &problem);
    ASSERT (status == STATUS_OK || problem.text [0], "who is refused is told why");
    for (size_t i = 0; i < reading.events.count; i++) {
        ASSERT (event_check (reading.events.at [i], &limits, NULL) == STATUS_OK,
                "what is made may be sent");
        check_data (reading.events.at [i]);
    }
    reading_reset (&reading);
    bytes_free (&body);
    return 0;
}
