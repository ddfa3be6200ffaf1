/*  template_scan – the pieces of a template, one after the other. Only template….c look here. */
#ifndef TEMPLATE_SCAN_H
#define TEMPLATE_SCAN_H

#include "proto/model/template.h"

typedef enum { ROOT_ATTRIBUTE, ROOT_DATA, ROOT_RESULT } template_root_t;

typedef enum {
    ATTRIBUTE_ID,
    ATTRIBUTE_SOURCE,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_SUBJECT,
    ATTRIBUTE_KEY,
    ATTRIBUTE_TIME,
    ATTRIBUTE_PHASE,
    ATTRIBUTE_CONTENT_TYPE,
    ATTRIBUTE_PARTITION,
    ATTRIBUTE_SEQ,
    ATTRIBUTE_CAUSATION,
    ATTRIBUTE_ROOT,
    ATTRIBUTE_VIA,
    ATTRIBUTE_HOPS,
    ATTRIBUTE_SUBSCRIPTION,
    ATTRIBUTES
} template_attribute_t;

//  Literal bytes, or a slot. Its texts are those of the template.
typedef struct {
    const char *start;  //  where it stands
    size_t size;        //  0: there is no more
    bool is_slot;
    bool keeps_slashes;  //  {+…}; this and the rest is of a slot
    template_root_t root;
    template_attribute_t attribute;
    const char *pointer;
    size_t pointer_size;
    const char *standard;  //  NULL: it has no default
    size_t standard_size;
} template_piece_t;

typedef struct {
    const char *text;
    const char *at;  //  how far it was read; text at first
    const template_where_t *where;
} template_scan_t;

/*  BAD_SUBSCRIPTION, a sentence and the place when what comes is neither text nor a slot. A doubled
 *  brace is a piece of its own, of one byte.
 */
status_t template_next (template_scan_t *scan, template_piece_t *piece, problem_t *problem);

//  The template is one slot and nothing else; it is a good one.
bool template_is_one_slot (const char *text, template_piece_t *piece);

#endif
