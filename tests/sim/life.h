/*  life – a list of deeds: drawn from a seed, lived in a world, and made shorter.
 *
 *  It is drawn before anything happens, so that a part of it can be left out and the rest stays as it
 *  was. The weather (latencies, failed commits, slow answers) comes from the world's own numbers.
 */
#ifndef LIFE_H
#define LIFE_H

#include <stddef.h>

#include "tests/sim/world.h"

typedef enum {
#define DEED(name, has_subject, text) DEED_##name,
#include "tests/sim/deed.tbl"
} deed_kind_t;

//  One thing that is done, and how long the world then goes on by itself.
typedef struct {
    deed_kind_t kind;
    int subject;        //  which event, worker, connection or subscription
    int choice;         //  of a mood; whether a spoilt commit is applied
    const char *words;  //  of a subscription, an event's key; static
    int64_t for_ms;     //  of what lasts
    int64_t then_ms;
} deed_t;

typedef struct {
    deed_t *deeds;
    size_t count, room;
} life_t;

life_t *life_new (void);
life_t *life_draw (uint64_t seed);
void life_destroy (life_t **self_p);

void life_add (life_t *self, const deed_t *deed);
//  The same without `count` deeds from `first` on.
life_t *life_without (const life_t *self, size_t first, size_t count);
void life_live (const life_t *self, world_t *world);  //  and then it is calm
void life_print (const life_t *self);

#endif
