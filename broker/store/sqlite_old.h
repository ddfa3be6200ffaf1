/*  sqlite_old – files as older versions made them, for the tests of their migration. */
#ifndef SQLITE_OLD_H
#define SQLITE_OLD_H

#include "broker/store/store_scene.h"

enum {
    OLD_PARTITIONS = 2,
    OLD_PARTITION = 1,  //  where everything is
    OLD_EVENTS = 40,    //  "e1", "e2" … of 300 bytes
    OLD_SUBSCRIPTIONS = 3,
    OLD_EXCEPTIONS = 12  //  of each, of events 1 … 12; with two attempts each
};

/*  A store of version 1, closed. Subscription "S0" has floor 20, "S1" 21 …, and one that is gone has left
 *  exceptions and attempts behind. Exceptions are in the state seq mod 4, due at 1000 * seq. All
 *  attempts end in retry, but the second of event 7 in fail. One token, "t_1".
 */
scene_t *old_scene_1 (void);

#endif
