/*  credentials – tokens of the API: made, hashed, and what they may.
 *
 *  The text of a token is shown once, to who made it; the store has only its hash.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdbool.h>

enum {
    CREDENTIAL_TEXT_SIZE = 40,  //  "tocsin_", 32 of base32, zero
    CREDENTIAL_HASH_SIZE = 65,  //  hex of 256 bits, zero
    CREDENTIAL_ID_SIZE = 19     //  "t_", 16 of base32, zero
};

typedef struct {
    char text [CREDENTIAL_TEXT_SIZE];  //  tocsin_… with 160 random bits
    char hash [CREDENTIAL_HASH_SIZE];  //  lower-case hex of BLAKE2b-256 of the text
    char id [CREDENTIAL_ID_SIZE];      //  t_… with 80 random bits
} credential_t;

void credential_make (credential_t *self);

bool credential_scope_is_known (const char *scope);
const char *credential_scopes_known (void);  //  all of them, for a sentence

#endif
