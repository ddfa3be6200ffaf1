/*  store_ledger – a row of commits that are the same every time, so that a test can say after any
 *  disaster whether a store has what it had answered, and nothing by half. For tests only.
 *
 *  Commit n has 1 + n mod 7 events in partition n mod 3, and the progress of subscription S there, up
 *  to the last of them. Every fiftieth cuts the log of each partition to the ten before.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "broker/store/store_scene.h"

//  A new file with its subscription, closed.
scene_t *ledger_scene (void);

int ledger_events (int n);  //  in commit n
status_t ledger_commit (store_t *store, int n, problem_t *problem);

/*  The store has commits 1 … told, and perhaps one more, whole; otherwise the test ends. Answers how
 *  many it has.
 */
int ledger_expect (scene_t *scene, int told);

#endif
