/*  outcome – what became of an event: its deliveries and their attempts, for people to read. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "cli/client.h"

//  The event as the API answers it; owned by the caller.
json_t *outcome_fetch (client_t *client, const char *id, problem_t *problem);

void outcome_print_deliveries (const json_t *event);

/*  Waits until each delivery has ended, and prints them. SYSTEM when one has not by then. */
status_t outcome_wait (client_t *client, const char *id, int seconds, problem_t *problem);

#endif
