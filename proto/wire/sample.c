#include "proto/wire/sample.h"

#include "proto/model/assert.h"

#define COUNT(list)         (sizeof (list) / sizeof *(list))
#define SIZED(member, text) .member = text, .member##_size = sizeof (text) - 1

#define PLAIN_DATA "{\"new\":{\"title\":\"h\xc3\xa9\"}}"

static event_t plain_event = {
    .id = "ev-1",
    .given_id = "",
    .source = "",
    .type = "kinto.record.update",
    .subject = "/buckets/blog/collections/articles/records/42",
    .key = "/buckets/blog/collections/articles/records/42",
    .time = "2026-11-24T03:00:00.123Z",
    .content_type = "application/json",
    .causation = "",
    .root = "",
    .via = "",
    .data = (const uint8_t *)PLAIN_DATA,
    .data_size = sizeof (PLAIN_DATA) - 1,
    .phase = PHASE_POST,
    .partition = -1,
};
static event_t full_event = {
    .id = "k_0123456789abcdef",
    .given_id = "42.update",
    .source = "https://kinto.example/v1",
    .type = "kinto.record.delete",
    .subject = "/buckets/blog",
    .key = "blog",
    .time = "2026-11-24T03:00:00+01:00",
    .content_type = "application/octet-stream",
    .causation = "ev-1",
    .root = "ev-0",
    .via = "",
    .hops = 2,
    .data = (const uint8_t *)"\0\1\2",
    .data_size = 3,
    .phase = PHASE_PRE,
    .partition = -1,
};
static event_t kept_event = {
    .id = "k_0123456789abcdef",
    .given_id = "42.update",
    .source = "https://kinto.example/v1",
    .type = "kinto.record.delete",
    .subject = "/buckets/blog",
    .key = "blog",
    .time = "2026-11-24T03:00:00+01:00",
    .content_type = "application/octet-stream",
    .causation = "r_abcdefghijklmnopqrstuvwxyz234567",
    .root = "ev-0",
    .via = "audit",
    .hops = 65535,
    .data = (const uint8_t *)"\0\1\2",
    .data_size = 3,
    .phase = PHASE_PRE,
    .partition = 15,
    .seq = INT64_MAX,
    .accepted_ms = 1795489200123,
};

static event_t *events [] = {&plain_event, &full_event};
static confirmation_t confirmations [] = {
    {CONFIRMED_STORED, 0, 1},
    {CONFIRMED_DUPLICATE, 15, 1 << 20},
    {CONFIRMED_ID_TAKEN, 3, INT64_MAX},
};
static const char *actions [] = {"webhook", "exec"};
static const char *schemas [] = {"", "{\"required\":[\"program\"]}"};
static const char *labels [] = {"region=eu", "tier=fast"};
static const char *brought [] = {"{\"id\":\"printing\",\"revision\":3}"};
static target_t targets [] = {
    {.subscription = "audit",
     .version = 1795489200000,
     SIZED (deliver, "{\"action\":{\"name\":\"webhook\"}}"),
     .timeout_ms = 15000},
    {.subscription = "addons-to-balrog", .version = 7, SIZED (deliver, "{}"), .timeout_ms = 1},
};
static delivery_t deliveries [] = {
    {41, 1, 1, 45000, 1, 3, &kept_event},
    {INT64_MAX, 2, INT32_MAX, 60000, 0, INT64_MAX, &plain_event},
};
static settlement_t settlements [] = {
    {.lease = 41, .outcome = OUTCOME_OK, .error = "", .result = "", .counted = ""},
    {41, OUTCOME_RETRY, 30000, false, 1795489200123, 87, 503, 130, 2400, 86999, "HTTP 503",
     "{\"busy\": true}\n", "", false},
    {42, OUTCOME_FAIL, 0, true, 1795489200123, 3, 410, 0, 0, 2999, "gone \xe2\x80\x93 for good",
     "no", "/orders/17", true},
};
static uint64_t seqs [] = {0, 41, INT64_MAX};
static uint64_t firsts [] = {1, 7, 300};
static feed_t feeds [] = {
    {.subscription = "caches",
     .version = 1795489200000,
     .created_ms = 1795489100000,
     SIZED (document, "{\"id\":\"caches\",\"mode\":\"broadcast\"}"),
     .seqs = seqs,
     .seq_count = COUNT (seqs)},
};
static feed_t tails [] = {
    {.subscription = "caches", .version = 7, .seqs = seqs, .seq_count = COUNT (seqs)},
    {.subscription = "reload", .version = 8, .seqs = seqs + 1, .seq_count = 1},
};
static event_t *fed [] = {&kept_event};
static uint64_t leases [] = {1, 200, 70000, INT64_MAX};

static const message_t samples [] = {
    {.command = COMMAND_PUBLISH, .request = 7, .events = events, .event_count = COUNT (events)},
    {.command = COMMAND_CALL,
     .request = 8,
     .method = "event.get",
     SIZED (json, "{\"id\":\"ev-1\"}")},
    {.command = COMMAND_CONFIRM,
     .request = 7,
     .confirmations = confirmations,
     .confirmation_count = COUNT (confirmations),
     .backoff_ms = 2000},
    {.command = COMMAND_REFUSE,
     .request = 7,
     .status = STATUS_FULL,
     .retry_after_ms = 1000,
     .text = "too much waits"},
    {.command = COMMAND_REPLY,
     .request = 8,
     .status = STATUS_NOT_FOUND,
     SIZED (json, "{\"message\":\"no\"}")},
    {.command = COMMAND_HELLO,
     .name = "worker-1",
     .version = "0.1.0",
     .actions = actions,
     .action_count = COUNT (actions),
     .capacity = 256,
     .instance = INT64_MAX,
     .former = INT64_MAX,
     .schemas = schemas,
     .schema_count = COUNT (schemas),
     .labels = labels,
     .label_count = COUNT (labels),
     .subscriptions = brought,
     .subscription_count = COUNT (brought)},
    {.command = COMMAND_CREDIT,
     .session = INT64_MAX,
     .deliveries_granted = 256,
     .bytes_granted = 1 << 25},
    {.command = COMMAND_SETTLE,
     .session = INT64_MAX,
     .settlements = settlements,
     .settlement_count = COUNT (settlements)},
    {.command = COMMAND_RELEASE,
     .session = INT64_MAX,
     .leases = leases,
     .lease_count = COUNT (leases)},
    {.command = COMMAND_LISTEN, .session = INT64_MAX},
    {.command = COMMAND_CATCH_UP,
     .session = INT64_MAX,
     .subscription = "caches",
     .partition = 15,
     .above = 1 << 20},
    {.command = COMMAND_PROGRESS,
     .session = INT64_MAX,
     .lease = 70000,
     .percent = 42,
     .text = "half of it \xe2\x80\x93 nearly"},
    {.command = COMMAND_BYE,
     .session = INT64_MAX,
     .status = STATUS_SHUNNED,
     .text = "100 bad messages"},
    {.command = COMMAND_WELCOME,
     .session = INT64_MAX,
     .heartbeat_ms = 1000,
     .capacity = 64,
     .former = INT64_MAX},
    {.command = COMMAND_DELIVER,
     .session = INT64_MAX,
     .targets = targets,
     .target_count = COUNT (targets),
     .deliveries = deliveries,
     .delivery_count = COUNT (deliveries)},
    {.command = COMMAND_SETTLED,
     .session = INT64_MAX,
     .leases = leases,
     .lease_count = COUNT (leases)},
    {.command = COMMAND_CANCEL,
     .session = INT64_MAX,
     .leases = leases,
     .lease_count = COUNT (leases)},
    {.command = COMMAND_RESET, .session = INT64_MAX},
    {.command = COMMAND_FEEDS,
     .session = INT64_MAX,
     .endpoint = "tcp://127.0.0.1:7103",
     .feeds = feeds,
     .feed_count = COUNT (feeds),
     .firsts = firsts,
     .first_count = COUNT (firsts),
     .lasts = seqs,
     .last_count = COUNT (seqs)},
    {.command = COMMAND_PAGE,
     .session = INT64_MAX,
     .subscription = "caches",
     .partition = 15,
     .above = 1 << 20,
     .reached = INT64_MAX,
     .first = 300,
     .events = fed,
     .event_count = COUNT (fed)},
    {.command = COMMAND_HEARTBEAT,
     .session = INT64_MAX,
     .leases = leases,
     .lease_count = COUNT (leases),
     .begun = leases,
     .begun_count = 2,
     .tells_begun = true,
     .capacity = 64,
     .received = 70000,
     .feeds = tails,
     .feed_count = COUNT (tails),
     .tells_feeds = true,
     .lasts = seqs,
     .last_count = COUNT (seqs)},
    {.command = COMMAND_FEED, .subscription = "caches", .prev = 40, .event = &kept_event},
    {.command = COMMAND_ERROR,
     .request = 8,
     .session = INT64_MAX,
     .status = STATUS_BAD_MESSAGE,
     .text = "there is no command 0x00"},
};

size_t
sample_count (void)
{
    return COUNT (samples);
}

const message_t *
sample_at (size_t index)
{
    ASSERT (index < COUNT (samples), "a test asks for those that are there");
    return &samples [index];
}

const message_t *
sample_of (command_t command)
{
    size_t index = 0;
    while (sample_at (index)->command != command)
        index++;
    return sample_at (index);
}
