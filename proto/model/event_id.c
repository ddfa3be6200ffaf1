#include "proto/model/event_id.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "proto/model/assert.h"

enum { DERIVED_HASH = 20, KINTO_HASH = 10, UUID_RANDOM = 10 };  //  bytes
enum { KINTO_TIME_DIGITS = 10 };                                //  50 bits: until the year 37,648

static const char base32 [] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base32hex [] = "0123456789abcdefghijklmnopqrstuv";
static const char hex [] = "0123456789abcdef";

static bool
is_letter (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool
event_id_is_derived (const char *id)
{
    return (id [0] == 'e' || id [0] == 'k' || id [0] == 'r') && id [1] == '_';
}

bool
event_id_is_plain (const char *given)
{
    size_t size = 0;
    while (is_letter (given [size]))
        size++;
    return !given [size] && size > 0 && size < EVENT_ID_SIZE && !event_id_is_derived (given);
}

//  Whole groups of 5 bytes into 8 letters each; returns where they end.
static char *
put_base32 (char *at, const uint8_t *bytes, size_t size)
{
    ASSERT (size % 5 == 0, "a hash that leaves bits over would need padding");
    for (size_t i = 0; i < size; i += 5) {
        uint64_t group = 0;
        for (size_t k = 0; k < 5; k++)
            group = group << 8 | bytes [i + k];
        for (int shift = 35; shift >= 0; shift -= 5)
            *at++ = base32 [group >> shift & 31];
    }
    return at;
}

static void
hash_text (crypto_generichash_state *state, const char *text, size_t size)
{
    crypto_generichash_update (state, (const uint8_t *)text, size);
}

//  A letter, _ and base32 of the hash of both.
static void
derive (char kind, const char *one, const char *other, char id [EVENT_ID_SIZE])
{
    crypto_generichash_state state;
    uint8_t hash [DERIVED_HASH];
    crypto_generichash_init (&state, NULL, 0, sizeof (hash));
    hash_text (&state, one, strlen (one) + 1);  //  its zero byte keeps a+bc and ab+c apart
    hash_text (&state, other, strlen (other));
    crypto_generichash_final (&state, hash, sizeof (hash));

    id [0] = kind;
    id [1] = '_';
    *put_base32 (id + 2, hash, sizeof (hash)) = 0;
}

void
event_id_derive (const char *source, const char *given, char id [EVENT_ID_SIZE])
{
    derive ('e', source, given, id);
}

void
event_id_of_result (const char *cause, const char *subscription, char id [EVENT_ID_SIZE])
{
    derive ('r', cause, subscription, id);
}

void
event_id_of_kinto (const char *source, const char *subject, const char *action,
                   int64_t last_modified_ms, char id [EVENT_ID_SIZE])
{
    ASSERT (last_modified_ms >= 0, "who reads a notification refuses a time before 1970");
    uint8_t time [8];  //  big endian, all of it: the ten digits of the id hold 50 bits only
    for (int i = 0; i < 8; i++)
        time [i] = (uint8_t)((uint64_t)last_modified_ms >> (56 - 8 * i));
    crypto_generichash_state state;
    uint8_t hash [crypto_generichash_BYTES_MIN];  //  BLAKE2b of 128 bits, of which 80 are shown
    crypto_generichash_init (&state, NULL, 0, sizeof (hash));
    hash_text (&state, source, strlen (source) + 1);
    hash_text (&state, subject, strlen (subject) + 1);
    hash_text (&state, action, strlen (action) + 1);
    crypto_generichash_update (&state, time, sizeof (time));
    crypto_generichash_final (&state, hash, sizeof (hash));

    char *at = id;
    *at++ = 'k';
    *at++ = '_';
    for (int digit = KINTO_TIME_DIGITS - 1; digit >= 0; digit--)
        *at++ = base32hex [(uint64_t)last_modified_ms >> (5 * digit) & 31];
    *put_base32 (at, hash, KINTO_HASH) = 0;
}

static void
wake_sodium (void)
{
    ASSERT (sodium_init () >= 0, "without random numbers ids would repeat");
}

//  The time and the 12 bits after it, as one number that only rises: when a millisecond's 4096 are
//  used up it runs ahead of the clock, which RFC 9562 (6.2, method 1) allows.
static uint64_t
next_stamp (int64_t wall_ms)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;
    pthread_mutex_lock (&mutex);
    uint64_t stamp = (uint64_t)wall_ms << 12;
    last = stamp > last ? stamp : last + 1;
    stamp = last;
    pthread_mutex_unlock (&mutex);
    return stamp;
}

static char *
put_hex (char *at, uint64_t number, int digits)
{
    for (int digit = digits - 1; digit >= 0; digit--)
        *at++ = hex [number >> (4 * digit) & 15];
    return at;
}

void
event_id_make (int64_t wall_ms, char id [EVENT_ID_SIZE])
{
    ASSERT (wall_ms >= 0, "a UUIDv7 counts from 1970");
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once (&once, wake_sodium);
    uint64_t stamp = next_stamp (wall_ms);
    uint64_t random;
    randombytes_buf (&random, sizeof (random));

    char *at = put_hex (id, stamp >> 28 & 0xffffffff, 8);
    *at++ = '-';
    at = put_hex (at, stamp >> 12 & 0xffff, 4);
    *at++ = '-';
    at = put_hex (at, 0x7000 | (stamp & 0xfff), 4);  //  version 7
    *at++ = '-';
    at = put_hex (at, 0x8000 | (random >> 48 & 0x3fff), 4);  //  variant 2
    *at++ = '-';
    *put_hex (at, random & 0xffffffffffff, 12) = 0;
}
