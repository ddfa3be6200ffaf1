#include "worker/actions/signer.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"

enum { KEY_MOST = 64, DIGEST_SIZE = 32 };

struct signer {
    EVP_MAC_CTX *keys [SIGNER_SECRETS];  //  each starts again with its key when it is initialised
    size_t count;
};

void
signer_destroy (signer_t **self_p)
{
    signer_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        EVP_MAC_CTX_free (self->keys [i]);
    free (self);
    *self_p = NULL;
}

static int
base64_value (char letter)
{
    static const char letters [] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = letter ? strchr (letters, letter) : NULL;
    return found ? (int)(found - letters) : -1;
}

/*  The bytes of a secret; 0 when it is none. Bits that do not fill a byte are dropped, as the
 *  libraries that verify do.
 */
static size_t
decode_secret (const char *secret, uint8_t key [KEY_MOST])
{
    if (strncmp (secret, "whsec_", 6) == 0)
        secret += 6;
    size_t length = strcspn (secret, "=");
    if (strspn (secret + length, "=") != strlen (secret + length) || length * 6 / 8 > KEY_MOST)
        return 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < length; i++) {
        int value = base64_value (secret [i]);
        if (value < 0)
            return 0;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            key [i * 6 / 8] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    return length * 6 / 8;
}

static EVP_MAC_CTX *
key_new (const uint8_t *key, size_t size)
{
    char sha256 [] = "SHA256";
    const OSSL_PARAM parameters [] = {
        OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, sha256, 0),
        OSSL_PARAM_construct_end ()};
    EVP_MAC *hmac = EVP_MAC_fetch (NULL, "HMAC", NULL);
    ASSERT (hmac, "every OpenSSL has HMAC");
    EVP_MAC_CTX *self = EVP_MAC_CTX_new (hmac);
    EVP_MAC_free (hmac);
    ASSERT (self && EVP_MAC_init (self, key, size, parameters) == 1, "and it takes any key");
    return self;
}

signer_t *
signer_new (const char *const *secrets, size_t count, problem_t *problem)
{
    if (count > SIGNER_SECRETS) {
        problem_at (problem, STATUS_BAD_SUBSCRIPTION, "deliver.secret",
                    "deliver.secret: %zu secrets; at most %d sign a delivery", count,
                    SIGNER_SECRETS);
        return NULL;
    }
    OWNED (signer) signer_t *self = ALLOCATE (signer_t);
    for (size_t i = 0; i < count; i++) {
        uint8_t key [KEY_MOST];
        size_t size = decode_secret (secrets [i], key);
        if (size == 0) {
            problem_at (problem, STATUS_BAD_SUBSCRIPTION, "deliver.secret",
                        "deliver.secret: write whsec_ and 24 to 64 bytes in base64");
            return NULL;
        }
        self->keys [self->count++] = key_new (key, size);
    }
    return TAKE (self);
}

static void
sign (EVP_MAC_CTX *key, const char *head, const void *body, size_t size,
      uint8_t digest [DIGEST_SIZE])
{
    size_t digest_size = 0;
    bool is_done = EVP_MAC_init (key, NULL, 0, NULL) == 1 &&
                   EVP_MAC_update (key, (const uint8_t *)head, strlen (head)) == 1 &&
                   EVP_MAC_update (key, body, size) == 1 &&
                   EVP_MAC_final (key, digest, &digest_size, DIGEST_SIZE) == 1;
    ASSERT (is_done && digest_size == DIGEST_SIZE, "unsigned, the consumer would refuse it");
}

void
signer_sign (signer_t *self, const char *id, int64_t timestamp_s, const void *body, size_t size,
             char text [SIGNATURE_SIZE])
{
    char head [128];  //  an id has 64 bytes at most
    int length = snprintf (head, sizeof head, "%s.%" PRId64 ".", id, timestamp_s);
    ASSERT (length > 0 && (size_t)length < sizeof head, "what is cut would be signed wrongly");

    text [0] = '\0';
    for (size_t i = 0; i < self->count; i++) {
        uint8_t digest [DIGEST_SIZE];
        sign (self->keys [i], head, body, size, digest);
        text += sprintf (text, "%sv1,", i > 0 ? " " : "");
        text += EVP_EncodeBlock ((uint8_t *)text, digest, DIGEST_SIZE);
    }
}
