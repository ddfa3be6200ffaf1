/*  calls_scene – a broker, a gateway that asks it, and perhaps one worker: where tests of calls play.
 *
 *  For tests only.
 */
#ifndef CALLS_SCENE_H
#define CALLS_SCENE_H

#include "broker/broker_stage.h"

typedef struct {
    stage_t *stage;
    actor_t *gateway;
    actor_t *worker;   //  NULL: there is none
    uint64_t session;  //  its, once the test has let it join
} scene_t;

//  With these settings, up to a NULL; `settings` itself may be NULL.
scene_t *scene_new (const char *const *settings);
//  Likewise, and a worker has connected, which says only what it must: its heartbeats are rare.
scene_t *scene_new_with_worker (const char *const *settings);

//  For cmocka: a gateway alone; with a worker that has not joined yet; and the end of each.
int scene_set_up (void **state);
int scene_set_up_with_worker (void **state);
int scene_tear_down (void **state);

#endif
