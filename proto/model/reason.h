/*  reason – one word that says why the core did something. */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>

typedef enum {
#define REASON(name, text) REASON_##name,
#include "proto/model/reason.tbl"
    REASONS
} reason_t;

const char *reason_name (reason_t reason);  //  "SESSION_GONE"
bool reason_from_name (const char *name, reason_t *reason);
const char *reason_text (reason_t reason);

#endif
