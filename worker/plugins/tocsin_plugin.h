/*  tocsin_plugin – an action of your own, in a library that tocsin-worker loads.
 *
 *  The library exports one function, tocsin_plugin, which gives a tocsin_plugin_t. This header is all
 *  there is to it, needs nothing else, and stays compatible within a version of TOCSIN_PLUGIN_ABI:
 *  structs that a plug-in reads only grow at their end. docs/plugins.md tells the rest.
 *
 *  A plug-in is a part of the worker's process: when it crashes the worker does, and it can read what
 *  the worker can. It is called on threads of its own, several at a time, and may wait there.
 */
#ifndef TOCSIN_PLUGIN_H
#define TOCSIN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_PLUGIN_ABI 1

#if defined(__GNUC__)
#define TOCSIN_PLUGIN_EXPORT __attribute__ ((visibility ("default")))
#else
#define TOCSIN_PLUGIN_EXPORT
#endif

//  How an attempt ended; the words of docs/actions.md.
typedef enum {
    TOCSIN_OK,
    TOCSIN_RETRY,  //  again, by the subscription's policy
    TOCSIN_FAIL,   //  a dead letter
    TOCSIN_SKIP    //  there was nothing to be done
} tocsin_outcome_t;

//  What happened. Strings are UTF-8, never NULL, and there until perform returns, as is data.
typedef struct {
    const char *id, *source, *type, *subject, *key, *time, *content_type;
    const void *data;
    size_t data_size;  //  bytes
    int64_t seq;       //  its place in the log
    int32_t partition;
    int32_t hops;
    const char *causation, *root, *via;
} tocsin_event_t;

typedef struct tocsin_call tocsin_call_t;

//  What a plug-in may ask and say during an attempt, on the thread that performs it or another.
typedef struct {
    //  Its result: JSON, or any UTF-8; copied. More than limits/result_bytes makes the attempt fail.
    void (*result) (tocsin_call_t *call, const char *bytes, size_t size);
    //  Why it did not end well, for people: one sentence; copied, up to 1,000 bytes.
    void (*error) (tocsin_call_t *call, const char *sentence);
    //  With TOCSIN_RETRY: not before so many ms.
    void (*retry_after) (tocsin_call_t *call, int64_t ms);
    //  Not 0: nobody waits any more, since its time is over or the worker stops. Return soon.
    int (*is_over) (const tocsin_call_t *call);
    int64_t (*left_ms) (const tocsin_call_t *call);  //  of its time; 0 when it is over
    //  The same, as a descriptor that can be read from then on: for poll.
    int (*over_descriptor) (const tocsin_call_t *call);
    //  How far it is, for people: percent 1 to 100, 0 to say nothing of that, and words, up to 256 bytes, or
    //  NULL. Copied; the last of each second is shown.
    void (*progress) (tocsin_call_t *call, int percent, const char *text);
} tocsin_host_t;

struct tocsin_call {
    const tocsin_host_t *host;
    const char *subscription;
    const char *parameters;  //  JSON: what the subscription says in `action`, but for the name
    int32_t attempt;         //  from 1
};

typedef struct {
    uint32_t abi;         //  TOCSIN_PLUGIN_ABI
    const char *version;  //  of the plug-in, for the log
    //  JSON Schema of the parameters, in the part of it that docs/plugins.md lists; NULL: anything.
    const char *schema;

    /*  Once, before anything else, on the main thread. settings: worker/plugin/NAME/settings. What it
     *  gives is passed to the others. Not 0: it cannot be used, and a sentence in error says why.
     */
    int (*open) (const char *settings, void **self, char *error, size_t error_size);
    void (*close) (void *self);  //  after all attempts; NULL: nothing is to be done

    /*  An attempt. Called by several threads at a time, worker/plugin/NAME/threads of them. It may take
     *  as long as left_ms says; when it returns later its outcome is of no effect, and the same event
     *  may be under way again already.
     */
    tocsin_outcome_t (*perform) (void *self, const tocsin_event_t *event, tocsin_call_t *call);
} tocsin_plugin_t;

//  The one function that the library exports.
TOCSIN_PLUGIN_EXPORT const tocsin_plugin_t *tocsin_plugin (void);

#ifdef __cplusplus
}
#endif

#endif
