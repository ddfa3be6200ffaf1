/*  owned_json – for OWNED (json) json_t *document = …; */
#ifndef OWNED_JSON_H
#define OWNED_JSON_H

#include <jansson.h>

#include "proto/model/owned.h"

static inline void
json_destroy (json_t **json_p)
{
    json_decref (*json_p);
    *json_p = NULL;
}

#endif
