/*  message – what nodes say to one another, decoded. PROTOCOL.md is the specification.
 *
 *  On the wire a message is two frames, [command][body]: two bytes (version, command) and one
 *  MessagePack map. Decoding is total: any bytes give a message or a status, and every limit is
 *  checked before memory is spent.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "proto/model/event.h"
#include "proto/model/limits.h"
#include "proto/model/record.h"
#include "proto/model/status.h"
#include "proto/wire/items.h"

enum { WIRE_VERSION = 1 };

typedef enum {
#define COMMAND(name, byte, sender, text) COMMAND_##name = byte,
#include "proto/wire/command.tbl"
} command_t;
const char *command_name (command_t command);  //  "PUBLISH"; "?" for a byte that is none

/*  One message. Numbers are 0 … 2^63 - 1. Members that its command does not use are zero. A decoded message owns all it points
 *  to (in one arena, and references of its events) until message_clear; a message to encode borrows.
 */
typedef struct {
    command_t command;
    uint64_t request;  //  PUBLISH, CALL, CONFIRM, REFUSE, REPLY; ERROR: what it is about, 0 unknown
    uint64_t session;  //  all between worker and broker but HELLO; RESET, ERROR: 0 when unknown

    event_t **events;  //  PUBLISH, PAGE
    size_t event_count;
    confirmation_t *confirmations;  //  CONFIRM
    size_t confirmation_count;
    int64_t backoff_ms;  //  CONFIRM: clients would do well to wait so long; 0: need not

    status_t status;  //  REFUSE, REPLY, ERROR; BYE: why its session ends now, OK: it does not
    int64_t retry_after_ms;  //  REFUSE
    const char *text;        //  ERROR, REFUSE, BYE: a sentence; PROGRESS

    const char *method;  //  CALL
    const char *json;    //  CALL: arguments; REPLY: answer. UTF-8, json_size bytes, zero after
    size_t json_size;

    const char *name, *version;  //  HELLO: the worker's
    const char **actions;        //  HELLO
    size_t action_count;
    uint64_t instance;  //  HELLO: of the worker's process; 0: it does not tell
    uint64_t former;    //  HELLO: its session before; WELCOME: the same, if that may still count
    int64_t capacity;   //  HELLO, HEARTBEAT of a worker: deliveries at a time; WELCOME: as wanted
    const char **schemas;  //  HELLO: JSON Schema of the parameters of each of actions; "": none
    size_t schema_count;
    const char **labels;  //  HELLO: NAME=VALUE, of the worker
    size_t label_count;
    const char **subscriptions;  //  HELLO: JSON of each that it brings
    size_t subscription_count;

    uint64_t deliveries_granted, bytes_granted;  //  CREDIT: totals since WELCOME
    int64_t heartbeat_ms;                        //  WELCOME

    target_t *targets;  //  DELIVER
    size_t target_count;
    delivery_t *deliveries;  //  DELIVER
    size_t delivery_count;

    settlement_t *settlements;  //  SETTLE
    size_t settlement_count;
    uint64_t *leases;  //  RELEASE, SETTLED, CANCEL, HEARTBEAT of a worker
    size_t lease_count;
    uint64_t lease;   //  PROGRESS
    int32_t percent;  //  PROGRESS: 0 … 100; 0: not told
    uint64_t *begun;  //  HEARTBEAT of a worker: those of its leases that it is at work on
    size_t begun_count;
    bool tells_begun;   //  HEARTBEAT of a worker: begun is complete
    uint64_t received;  //  HEARTBEAT: number of the last delivery got (worker's) or sent (broker's)

    const char *endpoint;  //  FEEDS: of the feed's socket, as the broker has bound it
    feed_t *feeds;         //  FEEDS; HEARTBEAT of a broker
    size_t feed_count;
    bool tells_feeds;  //  HEARTBEAT of a broker: feeds is complete
    uint64_t *firsts;  //  FEEDS: by partition: where the log begins
    size_t first_count;
    uint64_t *lasts;  //  FEEDS, HEARTBEAT of a broker: by partition: its last event
    size_t last_count;
    const char *subscription;  //  CATCH_UP, PAGE, FEED; FEED: "" for all events
    int32_t partition;         //  CATCH_UP, PAGE
    int64_t above;             //  CATCH_UP, PAGE: after this seq
    int64_t reached;           //  PAGE: up to here nothing is missing
    int64_t first;             //  PAGE: where the log begins
    int64_t prev;              //  FEED: nothing of its topic lies between this seq and the event's
    event_t *event;            //  FEED

    struct message_arena *arena;  //  of a decoded message
} message_t;

/*  Encode the body. The bytes are the caller's to free (). Never fails: what is too large is split
 *  by the caller, who counts (message limits are in limits.tbl).
 */
void message_encode (const message_t *self, uint8_t **body, size_t *size);

/*  Decode. BAD_MESSAGE or TOO_LARGE with a sentence; the message is then zero. `body` may go after. */
status_t message_decode (message_t *self, const uint8_t *head, size_t head_size,
                         const uint8_t *body, size_t size, const limits_t *limits,
                         problem_t *problem);
void message_clear (message_t *self);  //  safe on a zero message, and twice

//  The request number in a body that may be bad otherwise, to answer it by; 0: none can be found.
uint64_t message_request (const uint8_t *body, size_t size);

#endif
