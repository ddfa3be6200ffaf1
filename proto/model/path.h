/*  path – where in a JSON document we are, for sentences: `match.data.new.status[1]`.
 *
 *  One too long for a problem's name ends early: path_pop finds back all the same.
 */
#ifndef PATH_H
#define PATH_H

#include <stddef.h>

typedef struct {
    char at [120];  //  as long as a problem's name
    size_t size;    //  bytes of it that are used
} path_t;

path_t path_new (const char *start);

//  One step down; path_pop takes what it returned and goes back.
size_t path_push_name (path_t *self, const char *name);
size_t path_push_index (path_t *self, size_t index);
void path_pop (path_t *self, size_t before);

#endif
