/*  template_value – what a slot stands for, and how that is written. Only template….c look here. */
#ifndef TEMPLATE_VALUE_H
#define TEMPLATE_VALUE_H

#include "proto/model/template_scan.h"

//  Text that grows up to `most` bytes; beyond them it is_over, and grows no more.
typedef struct {
    char *bytes;  //  ours; free () them
    size_t used, room, most;
    bool is_over;
} template_text_t;

void template_text_add (template_text_t *self, const char *bytes, size_t size);

//  What a slot names in data or result; NULL: an attribute, or nothing is there.
const json_t *template_find (const template_piece_t *slot, template_facts_t *facts);

//  Whether the slot is an attribute that is a number.
bool template_number (const template_piece_t *slot, const template_facts_t *facts, int64_t *number);

//  The value of a slot, or its default, escaped for the place.
void template_write (template_text_t *text, const template_piece_t *slot, template_place_t place,
                     template_facts_t *facts);

#endif
