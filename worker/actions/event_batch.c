#include "worker/actions/event_batch.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "worker/actions/cloud_event.h"

enum { HASH_BYTES = 16 };

void
event_batch_write (const run_t *run, body_t *body)
{
    body_add (body, "[", 1);
    for (size_t i = 0; i < run->delivery_count; i++) {
        if (i > 0)
            body_add (body, ",", 1);
        cloud_event_write (run_delivery (run, i)->event, body);
    }
    body_add (body, "]", 1);
}

void
event_batch_id (const run_t *run, char id [EVENT_ID_SIZE])
{
    crypto_generichash_state state;
    uint8_t hash [HASH_BYTES];
    crypto_generichash_init (&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < run->delivery_count; i++) {
        const char *event = run_delivery (run, i)->event->id;
        crypto_generichash_update (&state, (const uint8_t *)event, strlen (event) + 1);
    }
    crypto_generichash_final (&state, hash, sizeof hash);
    char text [2 * HASH_BYTES + 1];
    sodium_bin2hex (text, sizeof text, hash, sizeof hash);
    snprintf (id, EVENT_ID_SIZE, "b_%s", text);
}
