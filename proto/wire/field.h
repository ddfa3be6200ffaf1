/*  field – what the maps of the protocol hold: one list, from which a message is packed and read.
 *
 *  A key is the name of the member that it fills. An optional one that is absent is 0, "" or empty,
 *  and one that is 0, "" or empty is left out. There are no negative numbers.
 */
#ifndef FIELD_H
#define FIELD_H

#include "proto/wire/message.h"

typedef enum {
    FIELD_NUMBER,  //  uint64_t below 2^63, or int64_t of 0 or more
    FIELD_SMALL,   //  int32_t of 0 or more, or uint32_t below 2^31
    FIELD_FLAG,    //  bool
    FIELD_WORD,    //  an enum, by name
    FIELD_TEXT,    //  const char *, a zero after
    FIELD_JSON,    //  the same and its size beside it
    FIELD_BYTES,   //  const uint8_t * and its size beside it, borrowed from the frame
    FIELD_MAP,     //  what `of` describes, in place
    FIELD_EVENT    //  event_t *, made of what `of` describes
} field_kind_t;

//  The words of an enum: its names, from 0.
typedef struct {
    const char *(*name) (unsigned value);
    unsigned count;
    int unknown;  //  what a word that is none of them stands for; -1: it is refused
} words_t;

typedef struct {
    const char *key;
    size_t key_size;    //  bytes
    field_kind_t kind;  //  of a list: of its items
    bool is_list;
    bool is_needed;           //  must be there; a list has at least one item
    size_t member;            //  offset in the struct
    size_t size_member;       //  LIST, JSON, BYTES: offset of the count or size beside it
    size_t most;              //  offset in limits_t: bytes of a text
    size_t count_most;        //  offset in limits_t: items of a list
    const words_t *words;     //  WORD
    const struct record *of;  //  MAP, EVENT
} field_t;

//  One kind of map.
typedef struct record {
    const char *name;
    const field_t *fields;
    size_t count;  //  of fields, at most RECORD_FIELDS
    size_t size;   //  of the struct, bytes
} record_t;

enum { RECORD_FIELDS = 32 };

size_t field_item_size (const field_t *field);  //  of a list: from one item to the next, bytes

//  The body of a command; NULL for a byte that is none.
const record_t *record_of_command (unsigned command);

#endif
