/*  plugin – a library with an action, loaded and checked. It stays loaded for good: a thread that did
 *  not return in time may still be in it.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "daemon/settings.h"
#include "worker/plugins/tocsin_plugin.h"

enum { PLUGINS = 16 };

typedef struct {
    char name [SETTINGS_NAME_SIZE];  //  of the action
    const tocsin_plugin_t *is;       //  the library's
    void *self;                      //  what its open gave
    char *schema;                    //  ours: of a subscription's `action`
    size_t threads;
    size_t result_bytes;  //  of one result, at most
} plugin_t;

typedef struct {
    plugin_t list [PLUGINS];
    size_t count;
} plugins_t;

/*  Those of worker/plugin. self is zero; plugins_clear in the end, whatever this says. BAD_SETTING, with
 *  a sentence, for a library that cannot be loaded or is none, and for too many.
 */
status_t plugins_read (plugins_t *self, const settings_t *settings, problem_t *problem);
void plugins_clear (plugins_t *self);

#endif
