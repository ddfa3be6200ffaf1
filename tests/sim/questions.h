/*  questions – what is asked in the world, and a judge of how it is answered.
 *
 *  The judge knows who is to be asked, and what each says, by the names alone; the core is not asked
 *  how it came to its decision. Each question is decided once, in time, and nothing of it is stored.
 */
#ifndef SIM_QUESTIONS_H
#define SIM_QUESTIONS_H

#include "broker/core/core.h"
#include "tests/sim/world.h"

typedef struct questions questions_t;

enum { QUESTIONS_WORD = 96 };  //  bytes

questions_t *questions_new (world_t *world);
void questions_destroy (questions_t **self_p);

//  Whose subscription says what to which question: allow with a change, deny, nothing, or nonsense.
void questions_word (const char *subscription, const event_t *event, char word [QUESTIONS_WORD]);
void questions_answered (questions_t *self, const char *subscription, const event_t *event);

//  The broker asks a worker, decides; it is frozen, or dies with all that it was asked.
void questions_put (questions_t *self, const effect_t *deliver);
void questions_decided (questions_t *self, const effect_t *decide, int64_t now_ms);
void questions_late (questions_t *self);
void questions_lost (questions_t *self);

size_t questions_open (const questions_t *self);
size_t questions_count (const questions_t *self, decision_t decision);  //  decided so

#endif
