/*  kinto_server – the Kintos that the worker's configuration names: where they are, who we are there, and
 *  what may be written.
 */
#ifndef KINTO_SERVER_H
#define KINTO_SERVER_H

#include "proto/model/pattern.h"
#include "worker/exchange/service.h"

enum { KINTO_PATHS = 16 };

typedef struct {
    service_t service;
    pattern_t *paths [KINTO_PATHS];  //  ours: URIs that may be written
    size_t path_count;
} kinto_server_t;

typedef struct {
    kinto_server_t *list;
    size_t count;
} kinto_servers_t;

/*  All that are configured under worker/kinto; none is fine. BAD_SETTING and a sentence for one that
 *  could never work.
 */
status_t kinto_servers_read (kinto_servers_t *self, const settings_t *settings, problem_t *problem);
void kinto_servers_clear (kinto_servers_t *self);
kinto_server_t *kinto_servers_find (const kinto_servers_t *self, const char *name);  //  or NULL

bool kinto_server_lets_write (const kinto_server_t *self, const char *uri);

#endif
