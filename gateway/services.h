/*  services – what every request needs and none owns. One for each gateway, made at its start. */
#ifndef SERVICES_H
#define SERVICES_H

#include <stdatomic.h>

#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "gateway/broker_link.h"
#include "gateway/hub.h"
#include "gateway/token_cache.h"

typedef struct {
    const settings_t *settings;  //  borrowed, for the life of the gateway
    const limits_t *limits;
    metrics_t *metrics;  //  ours, as the three that follow
    broker_link_t *link;
    token_cache_t *tokens;
    hub_t *hub;
    char url [280];  //  "http://127.0.0.1:8889"
    atomic_bool is_stopping;
    atomic_int waiting;    //  of these, for what comes of their events, or for a decision
    atomic_int in_flight;  //  requests under way
} services_t;

#endif
