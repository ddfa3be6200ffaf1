/*  places – how far a worker has come with broadcast subscriptions: for each, in each partition, the
 *  seq up to which everything is done.
 *
 *  It is the link thread's alone, and knows no file: places_file keeps it.
 */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/model/status.h"

typedef struct places places_t;

places_t *places_new (void);
void places_destroy (places_t **self_p);

//  From what places_text made. BAD_SETTING and a sentence when it is no such text.
status_t places_read (places_t *self, const char *text, size_t size, problem_t *problem);
char *places_text (const places_t *self);  //  free () it

//  created_ms: of the subscription. Another one of the same name has no place.
bool places_find (const places_t *self, const char *subscription, int64_t created_ms,
                  int32_t partition, int64_t *seq);
void places_put (places_t *self, const char *subscription, int64_t created_ms, int32_t partition,
                 int64_t seq);
void places_forget (places_t *self, const char *subscription);  //  in all partitions

uint64_t places_changes (const places_t *self);  //  so far

#endif
