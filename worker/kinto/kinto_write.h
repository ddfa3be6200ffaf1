/*  kinto_write – the script of a write to a Kinto: create, replace or merge one object.
 *
 *  merge reads the object, merges, and writes under If-Match; who has changed it meanwhile makes that
 *  a 412, and it begins anew. Each mode is safe to repeat: an attempt that wrote, and whose worker died
 *  before it could say so, is followed by one that finds its work done.
 */
#ifndef KINTO_WRITE_H
#define KINTO_WRITE_H

#include "worker/exchange/script.h"

typedef enum { KINTO_CREATE, KINTO_REPLACE, KINTO_MERGE } kinto_mode_t;

typedef struct kinto_write kinto_write_t;

//  cause: the value of X-Tocsin-Causation. Takes the object.
kinto_write_t *kinto_write_new (kinto_mode_t mode, const char *uri, json_t *object,
                                const char *cause);

extern const script_t kinto_write_script;  //  its plays are kinto_write_t

#endif
