/*  crew – the threads that perform a plug-in's attempts, so that none of ours waits for it.
 *
 *  A task belongs to whoever asked until it has ended or is abandoned. One that is abandoned while a
 *  thread performs it stays until that returns, and so does the thread: of a plug-in that never returns
 *  in time no thread is left at last, and what comes then ends when its time is over.
 */
#ifndef CREW_H
#define CREW_H

#include "proto/model/event.h"
#include "worker/actions/body.h"
#include "worker/plugins/plugin.h"

typedef struct crew crew_t;
typedef struct task task_t;

enum { TASK_ERROR_SIZE = 1000 };

//  Where the tasks of one action thread come back.
typedef struct {
    int bell;      //  eventfd: read when there are some
    task_t *done;  //  by next; the crew's lock
    crew_t *crew;
    //  How far a task is, whose `asker` that is; with the crew's lock, in any thread.
    void (*progress) (void *asker, int percent, const char *text);
} seat_t;

//  One attempt. What is not said to be somebody's is the crew's.
struct task {
    tocsin_call_t call;  //  first: the plug-in's way back to it
    crew_t *crew;
    seat_t *seat;
    void *asker;  //  whoever asked, for himself
    event_t *event;
    char *subscription, *parameters;
    int64_t until_ms;  //  monotonic

    enum { TASK_WAITING, TASK_PERFORMED, TASK_ENDED, TASK_ABANDONED } state;
    bool is_over;
    int over;  //  eventfd; -1: nobody asked for it
    tocsin_outcome_t outcome;
    int64_t retry_after_ms;
    body_t result;
    size_t result_size;  //  as said; more than may be: result is empty
    char error [TASK_ERROR_SIZE];
    task_t *prev, *next;
};

crew_t *crew_new (const plugin_t *plugin);  //  borrowed for its life
/*  All tasks have ended or are abandoned. False: a thread is still in the plug-in, which must stay as it
 *  is, as does what is left of the crew.
 */
bool crew_destroy (crew_t **self_p);
const plugin_t *crew_plugin (const crew_t *self);

void seat_open (seat_t *self, crew_t *crew,
                void (*progress) (void *asker, int percent, const char *text));
void seat_close (seat_t *self);

//  A task, given to the crew; it comes back at the seat.
task_t *crew_ask (seat_t *seat, const event_t *event, const char *subscription,
                  const char *parameters, int32_t attempt, int64_t until_ms, void *asker);
task_t *seat_take (seat_t *self);  //  one that has ended; task_destroy it. NULL: none
/*  Nobody waits for it any more; one that is being performed is told so. False: no thread had begun it.
 */
bool task_abandon (task_t **self_p);
void task_destroy (task_t **self_p);  //  of one that was taken

#endif
