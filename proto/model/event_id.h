/*  event_id – names of events: given, derived or made.
 *
 *  An id of the log has no dots (signatures need that). One that starts with e_, k_ or r_ was derived,
 *  and a client can never give such a one itself: it would be derived again.
 */
#ifndef EVENT_ID_H
#define EVENT_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { EVENT_ID_SIZE = 65 };  //  with the final zero

//  1–64 of A-Za-z0-9_-, and not e_…, k_… or r_…: may be taken into the log as it is.
bool event_id_is_plain (const char *given);
bool event_id_is_derived (const char *id);

//  "e_" and base32 (lower case, RFC 4648 alphabet without padding) of 160 bits of BLAKE2b over
//  source, a zero byte, and given.
void event_id_derive (const char *source, const char *given, char id [EVENT_ID_SIZE]);

//  "r_" and the same hash of the id of an event, a zero byte, and the id of a subscription: what came
//  of the one for the other. An action that is done again after a crash gives the same event again.
void event_id_of_result (const char *cause, const char *subscription, char id [EVENT_ID_SIZE]);

//  "k_", last_modified_ms in 10 characters of base32hex (so that they sort by time), and a hash of
//  80 bits in 16 characters: the start of BLAKE2b-128 over source, subject, action, each with a zero
//  byte after it, and last_modified_ms as 8 bytes, big endian. The same change of the same object
//  always gives the same id, whoever tells of it.
void event_id_of_kinto (const char *source, const char *subject, const char *action,
                        int64_t last_modified_ms, char id [EVENT_ID_SIZE]);

//  A UUIDv7 (RFC 9562) in 36 characters, rising within one process.
void event_id_make (int64_t wall_ms, char id [EVENT_ID_SIZE]);

#endif
