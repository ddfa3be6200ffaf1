/*  action – what a worker can do with an event: a table of functions, with a promise at each.
 *
 *  An action is asynchronous: begin starts an attempt and returns, and the attempt is given back,
 *  once, with place->ended. Each action thread has an instance of its own of every action that the
 *  worker offers, so nothing here is called by two threads at a time, and nothing may block: the
 *  other attempts of the thread would stand still.
 */
#ifndef ACTION_H
#define ACTION_H

#include <curl/curl.h>
#include <jansson.h>

#include "worker/actions/endings.h"

typedef struct action action_t;
typedef struct run run_t;

//  One attempt, from begin to ended.
struct run {
    const delivery_t *delivery;           //  as are the next three: there until it has ended
    const delivery_t *const *deliveries;  //  a batch, `delivery` its first; NULL: it is alone
    size_t delivery_count;                //  of the batch; 1: it is alone
    const target_t *target;
    struct actor *actor;  //  the thread's: whose it is
    void *state;          //  the action's own, between begin and ended
    ending_t end;         //  the action fills it in
    endings_t each;       //  and this, where the deliveries of a batch did not all end alike
};

//  Of its deliveries: 0 … delivery_count - 1.
static inline const delivery_t *
run_delivery (const run_t *self, size_t index)
{
    return self->deliveries ? self->deliveries [index] : self->delivery;
}

//  What an instance finds in its thread. It stays as long as the instance.
typedef struct {
    const void *settings;                      //  as offered
    size_t attempts;                           //  at a time, unless a broker wants more
    void (*ended) (void *thread, run_t *run);  //  the attempt goes back, with its end
    //  How far an attempt is, in percent (1 … 100; 0: that is not said) and in words, UTF-8, or NULL. Copied,
    //  and shown to whoever looks, the last of each second. From any thread, until the attempt is given back.
    void (*progress) (void *thread, run_t *run, int percent, const char *text);
    void *thread;
    CURLM *multi;  //  for those that speak HTTP; CURLOPT_PRIVATE of each handle is its attempt
} action_place_t;

struct action {
    const char *name;

    /*  A subscription, made ready for attempts: what read gives is kept for as long as the thread has
     *  use for it, and let go with drop. document: JSON of its `action` and `deliver`, gone
     *  afterwards. NULL and a problem when it is none for this action: somebody offered less when it
     *  was written; its attempts end `retry`, with that problem.
     */
    void *(*read) (const void *settings, const target_t *target, const json_t *document,
                   problem_t *problem);
    void (*drop) (void *ready);

    //  An instance, in its thread. Never fails. All attempts have ended when it is closed.
    void *(*open) (const action_place_t *place);
    void (*close) (void *self);

    /*  Starts an attempt; `ready` is what read gave, and may go when this returns. ended is owed,
     *  within the time of the target or soon after, and may be called before this returns. end is
     *  started; outcome ok, no error and no result are there already.
     */
    void (*begin) (void *self, run_t *run, void *ready);

    /*  Ends it soon, as a retry: its lease is over, or the worker is leaving. ended is owed as before.
     *  What it has done stays done; whoever is called again by the next attempt has to live with it.
     */
    void (*cancel) (void *self, run_t *run);

    //  A transfer of an attempt is over; it was removed from multi. NULL: it makes none.
    void (*transferred) (void *self, run_t *run, CURLcode code);

    //  That begin takes batches. false: who sends one is told that it does not.
    bool takes_batches;

    //  One that wakes the thread when it can be read, and what is then done. NULL: it needs none.
    int (*descriptor) (const void *self);
    void (*ready) (void *self);
};

//  An action as this worker offers it.
typedef struct {
    const action_t *action;
    const void
        *settings;       //  borrowed; shared by the threads, so what changes in it has its own lock
    const char *schema;  //  JSON Schema of a subscription's `action`; said in HELLO. NULL: none
} offer_t;

//  An instance of an action in a thread.
typedef struct actor {
    const offer_t *offer;
    void *self;
} actor_t;

#endif
