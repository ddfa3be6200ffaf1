/*  manners – who says so much that is wrong that he is not heard for a while.
 *
 *  He is known by the identity of his connection: who comes anew, over another one, is welcome. Whoever says
 *  nothing wrong costs nothing here. Of the others the latest MANNERS_KNOWN are known: with more, the one
 *  whose time is over first begins anew.
 */
#ifndef MANNERS_H
#define MANNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MANNERS_KNOWN = 256,
    MANNERS_WINDOW_MS = 10000,   //  in which bad messages are counted, from the first one
    MANNERS_SHUNNED_MS = 30000,  //  for so long nothing is heard of whoever had too many
    MANNERS_SECOND_MS = 1000,
    MANNERS_ANSWERS = 20  //  in a second: each bad message is counted, not each is answered
};

typedef struct manners manners_t;

typedef enum {
    MANNERS_ANSWER,   //  tell him
    MANNERS_SILENCE,  //  he has been told often enough in this second
    MANNERS_SHUN      //  this was one too many: from now on he is shunned
} judgement_t;

manners_t *manners_new (int64_t most);  //  bad messages in a window
void manners_destroy (manners_t **self_p);

//  One more bad message of whom is not shunned. now_ms: monotonic, as below.
judgement_t manners_blame (manners_t *self, const void *identity, size_t size, int64_t now_ms);

bool manners_shuns (manners_t *self, const void *identity, size_t size, int64_t now_ms);

#endif
