#include "worker/actions/ending.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/utf8.h"
#include "worker/actions/reply.h"

void
ending_start (ending_t *self, int64_t time_ms)
{
    self->settlement = (settlement_t){.time_ms = time_ms, .error = "", .result = "", .counted = ""};
    self->duration_us = 0;
    self->error [0] = '\0';
}

//  vsnprintf cuts at a byte: half a character would make the whole SETTLE unreadable.
static void
cut_between_characters (char *text)
{
    size_t size = strlen (text);
    if (size < ENDING_ERROR_SIZE - 1)
        return;
    for (size_t at = 0; at < size;) {
        size_t length = utf8_character (text + at, size - at);
        if (length == 0) {
            text [at] = '\0';
            return;
        }
        at += length;
    }
}

static void
ending_in_words (ending_t *self, outcome_t outcome, const char *format, va_list arguments)
{
    self->settlement.outcome = outcome;
    self->settlement.error = self->error;
    vsnprintf (self->error, sizeof self->error, format, arguments);
    cut_between_characters (self->error);
}

void
ending_retry (ending_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    ending_in_words (self, OUTCOME_RETRY, format, arguments);
    va_end (arguments);
}

void
ending_fail (ending_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    ending_in_words (self, OUTCOME_FAIL, format, arguments);
    va_end (arguments);
}

void
ending_skip (ending_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    ending_in_words (self, OUTCOME_SKIP, format, arguments);
    va_end (arguments);
}

void
ending_keep_result (ending_t *self, const char *bytes, size_t size, size_t most)
{
    size_t room = most + 1;
    if (self->result.room < room) {
        self->result.bytes = allocate_again (self->result.bytes, room, 1);
        self->result.room = room;
    }
    reply_show (bytes, size, self->result.bytes, room);
    self->settlement.result = self->result.bytes;
}

void
ending_count (ending_t *self, const char *key)
{
    size_t size = strlen (key) + 1;
    if (self->counted.room < size) {
        self->counted.bytes = allocate_again (self->counted.bytes, size, 1);
        self->counted.room = size;
    }
    self->settlement.counts = true;
    self->settlement.counted = memcpy (self->counted.bytes, key, size);
}

void
ending_took (ending_t *self, int64_t duration_us)
{
    self->duration_us = duration_us;
    self->settlement.duration_ms = duration_us / 1000;
}
