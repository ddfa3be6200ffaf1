#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "worker/actions/retry_after.h"

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    char *value = strndup ((const char *)bytes, size);
    int64_t wait_ms = -1;
    if (retry_after_read (value, 1795488000, &wait_ms))
        ASSERT (wait_ms >= 0 && wait_ms <= RETRY_AFTER_MOST_MS, "a wait is bounded both ways");
    else
        ASSERT (wait_ms == -1, "what cannot be read changes nothing");
    free (value);
    return 0;
}
