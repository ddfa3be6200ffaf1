/*  balrog_server – the Balrogs that the worker's configuration names, each with who gives us tokens for it. */
#ifndef BALROG_SERVER_H
#define BALROG_SERVER_H

#include "worker/exchange/service.h"

typedef struct {
    service_t *list;
    size_t count;
} balrog_servers_t;

/*  All that are configured under worker/balrog; none is fine. BAD_SETTING and a sentence for one that
 *  could never work.
 */
status_t balrog_servers_read (balrog_servers_t *self, const settings_t *settings,
                              problem_t *problem);
void balrog_servers_clear (balrog_servers_t *self);
service_t *balrog_servers_find (const balrog_servers_t *self, const char *name);  //  or NULL

#endif
