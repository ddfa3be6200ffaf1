/*  memory – a store that forgets, for simulation and tests.
 *
 *  It keeps the promises of store.h but for the disk, and can be told to fail.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "broker/store/store.h"

store_t *memory_store_new (int32_t partitions);

/*  The next commit (nth = 1) or the nth from now returns this status; is_applied: it did happen all
 *  the same, as when a connection breaks in a COMMIT.
 */
void memory_store_fail (store_t *self, int nth, status_t status, bool is_applied);

#endif
