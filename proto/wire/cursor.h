/*  cursor – a walk over MessagePack bytes, one item at a time, without objects in between.
 *
 *  Nothing is allocated and nothing is believed: a size is compared with the bytes that are there
 *  before it is used. The items of a list and of a map follow it; a cursor does not count them.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at, *end;
} cursor_t;

typedef enum {
    ITEM_NIL,
    ITEM_FALSE,
    ITEM_TRUE,
    ITEM_NUMBER,    //  an integer of 0 or more, in whichever format
    ITEM_NEGATIVE,  //  an integer below 0
    ITEM_FLOAT,
    ITEM_TEXT,
    ITEM_BYTES,
    ITEM_LIST,
    ITEM_MAP,
    ITEM_EXTENSION
} item_kind_t;

typedef struct {
    item_kind_t kind;
    uint64_t number;  //  NUMBER: its value; LIST: items; MAP: pairs; TEXT, BYTES: size in bytes
    const uint8_t *bytes;  //  TEXT, BYTES: in the frame, not zero-terminated
} item_t;

cursor_t cursor_at (const uint8_t *bytes, size_t size);  //  NULL and 0 will do

//  Reads one item. false: the bytes end within it, or begin none (0xc1); the cursor is then of no
//  more use.
bool cursor_next (cursor_t *self, item_t *item);

//  Passes over one item with all that is in it, however deep: takes neither stack nor memory.
bool cursor_skip (cursor_t *self);

size_t cursor_left (const cursor_t *self);  //  bytes

const char *item_kind_name (item_kind_t kind);  //  "a text", for sentences

#endif
