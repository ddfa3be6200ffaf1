/*  loading – what the store knew, told to the core at start. */
#ifndef LOADING_H
#define LOADING_H

#include "broker/edge.h"
#include "broker/store/store.h"

//  Subscriptions first, then a tenure of each partition with how far each subscription had come.
void loading_tell (edge_t *edge, const inventory_t *inventory);

#endif
