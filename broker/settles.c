#include "broker/settles.h"

#include <stdlib.h>

#include "proto/model/allocate.h"

const settle_t *
settles_read (settles_t *self, const settlement_t *settlements, size_t count)
{
    if (count > self->room) {
        self->room = count;
        self->list = allocate_again (self->list, count, sizeof *self->list);
    }
    for (size_t i = 0; i < count; i++) {
        const settlement_t *said = &settlements [i];
        self->list [i] = (settle_t){
            .lease = said->lease,
            .outcome = said->outcome,
            .retry_after_ms = said->retry_after_ms,
            .disables = said->disables,
            .time_ms = said->time_ms,
            .duration_ms = said->duration_ms,
            .http_status = said->http_status,
            .connect_us = said->connect_us,
            .tls_us = said->tls_us,
            .first_byte_us = said->first_byte_us,
            .error = said->error,
            .result = said->result,
            .counted = said->counts ? said->counted : NULL,
        };
    }
    return self->list;
}

void
settles_clear (settles_t *self)
{
    free (self->list);
    *self = (settles_t){0};
}
