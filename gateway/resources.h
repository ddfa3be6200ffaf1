/*  resources – a handler for each line of routes.tbl, a file for each kind of resource.
 *
 *  It is called when the token has the scope and the body, if the route takes one, has been read. It
 *  fills the answer; if it fails it fills the problem, and the answer is made of that.
 */
#ifndef RESOURCES_H
#define RESOURCES_H

#include "gateway/answer.h"
#include "gateway/call.h"

typedef status_t handler_t (request_t *request, answer_t *answer, problem_t *problem);

handler_t events_post, events_get, events_trace;
handler_t asks_post;  //  events_post, of an event of phase pre
handler_t subscriptions_list, subscriptions_post, subscriptions_get, subscriptions_put,
    subscriptions_delete, subscriptions_pause, subscriptions_resume;
handler_t log_list, log_match;
handler_t stream_get;
handler_t operations_state, operations_explain, operations_counters, operations_deliveries,
    operations_dead_letters, operations_redrive, operations_redrive_one, operations_discard,
    operations_discard_one, operations_cancel, operations_replay, operations_replay_event,
    operations_replays, operations_replay_delete;
handler_t workers_list, workers_get, workers_patch, workers_drain;
handler_t tokens_list, tokens_post, tokens_delete;
handler_t root_hello, root_heartbeat, root_lbheartbeat, root_version, root_metrics, root_status;

/*  What they share. The object in {"data": {…}} of the request's body, verbatim: BAD_JSON or
 *  BAD_REQUEST when it is not one, with a sentence.
 */
status_t resource_read_data (request_t *request, json_span_t *data, problem_t *problem);

//  {"data": …} as the answer.
void resource_answer_data (answer_t *answer, json_span_t data);

//  Asks the broker, answers its data with 200, and ends the call.
status_t resource_answer_call (answer_t *answer, call_t *call, problem_t *problem);

#endif
