/*  store_scene – what the tests of a store are played with: a store to kill, and things to keep.
 *
 *  For tests only. Everything that ought not to happen ends the test.
 */
#ifndef STORE_SCENE_H
#define STORE_SCENE_H

#include "broker/store/store.h"

typedef struct {
    store_t *store;
    limits_t limits;
    char directory [64];  //  for files, gone at the end; "" for memory
    char path [96];       //  of the file
    bool is_mortal;       //  scene_between kills it
} scene_t;

scene_t *scene_memory (int32_t partitions);
scene_t *scene_sqlite (int32_t partitions);
void scene_destroy (scene_t **self_p);

//  Opens the file, which must succeed; or says why not.
void scene_open (scene_t *self, int32_t partitions);
status_t scene_try (scene_t *self, problem_t *problem);
void scene_close (scene_t *self);

/*  The same scenes against memory, against SQLite, and against SQLite that is killed wherever they
 *  say scene_between: what was answered before must be so after. Each gets a new store of
 *  SCENE_PARTITIONS as its state. Answers how many failed.
 */
enum { SCENE_PARTITIONS = 3 };
struct CMUnitTest;
int scene_play (const struct CMUnitTest *scenes, size_t count);
void scene_between (scene_t *self);

/*  What a kill leaves: the files as they are at this moment, opened anew somewhere else. A memory
 *  store stays: its world keeps it.
 */
void scene_kill (scene_t *self);
void scene_copy (const char *from, const char *to);  //  a file; none when there is none

//  Things to keep. Events are the caller's.
event_t *scene_event (int32_t partition, const char *id, const char *data);
event_t *scene_caused_event (int32_t partition, const char *id, const char *root);
event_t *scene_big_event (int32_t partition, const char *id, size_t data_size);
subscription_t *scene_subscription (const char *id, int64_t version);

//  One commit each, that succeeds.
stored_t scene_publish (scene_t *self, int32_t partition, const char *id, const char *data);
void scene_publish_many (scene_t *self, int32_t partition, int from, int count);  //  "e1", …
void scene_publish_event (scene_t *self, event_t *event);                         //  takes it
void scene_change (scene_t *self, const change_t *changes, size_t count);
void scene_subscribe (scene_t *self, const char *id);

//  Likewise, and a kill after it (scene_between). An exception of partition 0 is due at 1000 * seq.
void scene_trim (scene_t *self, int32_t partition, int64_t seq);
void scene_except (scene_t *self, const char *subscription, int64_t seq, exception_state_t state);
void scene_try_once (scene_t *self, const char *subscription, int64_t seq, int32_t number);

//  The answers, or the test ends.
inventory_t *scene_load (scene_t *self);
page_t *scene_read (scene_t *self, int32_t partition, int64_t above_seq);
history_t *scene_look_up (scene_t *self, const char *id);
page_t *scene_list_tree (scene_t *self, const char *root, size_t limit);

//  Random numbers that a seed repeats (splitmix64).
uint64_t scene_random (uint64_t *seed);

#endif
