/*  causes – where an event stands among its causes and what came of it, drawn as a tree. */
#ifndef CAUSES_H
#define CAUSES_H

#include <jansson.h>

//  What GET /v1/events/ID/trace answered, its `data`. An event that stands alone is not drawn.
void causes_print (const json_t *trace);

#endif
