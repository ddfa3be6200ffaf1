/*  OWNED, TAKE – owned locals, destroyed at the end of their scope.
 *
 *      OWNED (event) event_t *event = event_new (&fields);
 *      …
 *      return TAKE (event);
 *
 *  OWNED (x) needs x_destroy (x_t **), safe on a null pointer. A type of a library gets its
 *  x_destroy beside its first use.
 */
#ifndef OWNED_H
#define OWNED_H

#define OWNED(noun) __attribute__ ((cleanup (noun##_destroy)))

//  Hands an owned local out: yields its value and forgets it.
#define TAKE(local)                          \
    __extension__({                          \
        __typeof__ (local) taken_ = (local); \
        (local) = NULL;                      \
        taken_;                              \
    })

#endif
