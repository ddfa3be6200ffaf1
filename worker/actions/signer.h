/*  signer – webhook-signature, as Standard Webhooks say: HMAC-SHA256 over "id.timestamp.body".
 *
 *  A signer keeps its keys ready and is used by one thread: that saves the most of a signature's cost.
 */
#ifndef SIGNER_H
#define SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/model/status.h"

typedef struct signer signer_t;

enum {
    SIGNER_SECRETS = 4,  //  at most: one, and some while it rotates
    SIGNATURE_SIZE =
        48 * SIGNER_SECRETS + 1  //  "v1," and 44 characters each, blanks, the final zero
};

/*  Secrets read whsec_ and base64, with or without its padding. NULL and a problem
 *  (BAD_SUBSCRIPTION) when one is no such thing, or there are too many.
 */
signer_t *signer_new (const char *const *secrets, size_t count, problem_t *problem);
void signer_destroy (signer_t **self_p);

//  The value of the header: one signature for each secret, in their order.
void signer_sign (signer_t *self, const char *id, int64_t timestamp_s, const void *body,
                  size_t size, char text [SIGNATURE_SIZE]);

#endif
