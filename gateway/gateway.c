#include "gateway/gateway.h"

#include <sodium.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "gateway/http.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

struct gateway {
    services_t services;
    http_t *http;
};

gateway_t *
gateway_new (const settings_t *settings, void *zmq, problem_t *problem)
{
    if (sodium_init () < 0) {
        problem_set (problem, STATUS_SYSTEM, "gateway: libsodium finds no random numbers");
        return NULL;
    }
    OWNED (gateway) gateway_t *self = ALLOCATE (gateway_t);
    services_t *services = &self->services;
    services->settings = settings;
    services->limits = settings_limits (settings);
    services->metrics = metrics_new ("gateway");
    services->tokens = token_cache_new ();
    services->link = broker_link_new (settings, zmq, services->metrics, problem);
    if (!services->link)
        return NULL;
    services->hub = hub_new (settings, zmq, services->link);
    self->http = http_new (services, problem);
    if (!self->http)
        return NULL;
    log_notice ("gateway", "listens at %s", services->url);
    return TAKE (self);
}

const char *
gateway_url (const gateway_t *self)
{
    return self->services.url;
}

void
gateway_destroy (gateway_t **self_p)
{
    gateway_t *self = *self_p;
    if (!self)
        return;
    http_destroy (&self->http);
    hub_destroy (&self->services.hub);
    broker_link_destroy (&self->services.link);
    token_cache_destroy (&self->services.tokens);
    metrics_destroy (&self->services.metrics);
    free (self);
    *self_p = NULL;
}
