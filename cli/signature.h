/*  signature – what a consumer checks of a delivery, as Standard Webhooks say. Written apart from the
 *  worker that signs, so that the demo shows two of them agreeing.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

/*  Whether one of the signatures is that of the secret.
 *
 *  secret      "whsec_" and base64
 *  id          webhook-id
 *  timestamp   webhook-timestamp; that it is recent is not looked at here
 *  signatures  webhook-signature: "v1,…", several separated by blanks
 */
bool signature_is_valid (const char *secret, const char *id, const char *timestamp,
                         const char *body, size_t size, const char *signatures);

#endif
