/*  moment – a time of ours as text: RFC 3339, UTC, to the millisecond. */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdint.h>

enum { MOMENT_SIZE = 64 };  //  with the final zero, for any number

const char *moment_text (int64_t ms, char text [MOMENT_SIZE]);  //  "2026-11-24T03:00:00.123Z"

#endif
