#include "cli/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"

enum {
    MAC_BYTES = 32,
    KEY_BYTES = 64,   //  Standard Webhooks: 24 to 64
    HEAD_BYTES = 512  //  an id and a timestamp
};

/*  HMAC-SHA256 of "id.timestamp.body". */
static bool
signature_compute (const unsigned char *key, size_t key_size, const char *head, size_t head_size,
                   const char *body, size_t size, unsigned char mac [MAC_BYTES])
{
    unsigned char *signed_ = (unsigned char *)allocate (head_size + size, 1);
    memcpy (signed_, head, head_size);
    memcpy (signed_ + head_size, body, size);
    unsigned int mac_size = 0;
    bool made =
        HMAC (EVP_sha256 (), key, (int)key_size, signed_, head_size + size, mac, &mac_size) != NULL;
    free (signed_);
    return made && mac_size == MAC_BYTES;
}

static bool
signature_is_among (const char *signatures, const unsigned char mac [MAC_BYTES])
{
    while (*signatures) {
        signatures += strspn (signatures, " ");
        size_t size = strcspn (signatures, " ");
        unsigned char one [MAC_BYTES];
        size_t one_size = 0;
        bool is_read = size > 3 && strncmp (signatures, "v1,", 3) == 0 &&
                       sodium_base642bin (one, sizeof one, signatures + 3, size - 3, NULL,
                                          &one_size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
        if (is_read && one_size == MAC_BYTES && sodium_memcmp (one, mac, MAC_BYTES) == 0)
            return true;
        signatures += size;
    }
    return false;
}

bool
signature_is_valid (const char *secret, const char *id, const char *timestamp, const char *body,
                    size_t size, const char *signatures)
{
    static const char prefix [] = "whsec_";
    size_t prefix_size = sizeof prefix - 1;
    unsigned char key [KEY_BYTES], mac [MAC_BYTES];
    size_t key_size = 0;
    if (strncmp (secret, prefix, prefix_size) != 0 ||
        sodium_base642bin (key, sizeof key, secret + prefix_size, strlen (secret + prefix_size),
                           NULL, &key_size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;

    char head [HEAD_BYTES];
    int head_size = snprintf (head, sizeof head, "%s.%s.", id, timestamp);
    if (head_size < 0 || (size_t)head_size >= sizeof head)
        return false;
    bool is_valid = signature_compute (key, key_size, head, (size_t)head_size, body, size, mac) &&
                    signature_is_among (signatures, mac);
    sodium_memzero (key, sizeof key);
    return is_valid;
}
