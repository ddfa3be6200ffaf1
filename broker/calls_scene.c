#include "broker/calls_scene.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static scene_t *
scene_start (stage_t *stage, const char *const *settings)
{
    scene_t *self = test_calloc (1, sizeof *self);
    self->stage = stage;
    for (; settings && *settings; settings++)
        stage_set (stage, *settings);
    stage_start (stage);
    self->gateway = actor_gateway (stage);
    return self;
}

scene_t *
scene_new (const char *const *settings)
{
    return scene_start (stage_new (), settings);
}

scene_t *
scene_new_with_worker (const char *const *settings)
{
    stage_t *stage = stage_new ();
    stage_set (stage, "broker/heartbeat_ms=20000");
    scene_t *self = scene_start (stage, settings);
    self->worker = actor_worker (stage);
    return self;
}

int
scene_set_up (void **state)
{
    *state = scene_new (NULL);
    return 0;
}

int
scene_set_up_with_worker (void **state)
{
    *state = scene_new_with_worker (NULL);
    return 0;
}

int
scene_tear_down (void **state)
{
    scene_t *self = *state;
    actor_destroy (&self->worker);
    actor_destroy (&self->gateway);
    stage_destroy (&self->stage);
    test_free (self);
    return 0;
}
