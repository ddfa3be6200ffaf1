#include "proto/wire/field.h"

#include "proto/model/assert.h"

#define COUNT(list) (sizeof (list) / sizeof *(list))

// clang-format off
#define KEY(text)       .key = text, .key_size = sizeof (text) - 1
#define LIMIT_AT(limit) offsetof (limits_t, limit)
#define PLAIN(type, name, kind_, need)                                                             \
    {KEY (#name), .kind = FIELD_##kind_, .is_needed = need, .member = offsetof (type, name)}
#define WORD(type, name, need, words_)                                                             \
    {KEY (#name), .kind = FIELD_WORD, .is_needed = need, .member = offsetof (type, name),          \
     .words = &words_}
#define TEXT(type, name, need, limit)                                                              \
    {KEY (#name), .kind = FIELD_TEXT, .is_needed = need, .member = offsetof (type, name),          \
     .most = LIMIT_AT (limit)}
#define SIZED(type, name, kind_, need, size_, limit)                                               \
    {KEY (#name), .kind = FIELD_##kind_, .is_needed = need, .member = offsetof (type, name),       \
     .size_member = offsetof (type, size_), .most = LIMIT_AT (limit)}
#define EVENT(type, name, need, of_)                                                               \
    {KEY (#name), .kind = FIELD_EVENT, .is_needed = need, .member = offsetof (type, name), .of = of_}
#define LIST(type, name, kind_, need, count_, limit, of_)                                          \
    {KEY (#name), .kind = FIELD_##kind_, .is_list = true, .is_needed = need,                       \
     .member = offsetof (type, name), .size_member = offsetof (type, count_),                      \
     .count_most = LIMIT_AT (limit), .of = of_}
#define TEXTS(type, name, need, limit, count_, count_limit)                                        \
    {KEY (#name), .kind = FIELD_TEXT, .is_list = true, .is_needed = need,                          \
     .member = offsetof (type, name), .size_member = offsetof (type, count_),                      \
     .most = LIMIT_AT (limit), .count_most = LIMIT_AT (count_limit)}
#define RECORD(name_, type, fields_) {name_, fields_, COUNT (fields_), sizeof (type)}
// clang-format on

enum { OPTIONAL = false, NEEDED = true };

//  ---- Words

static const char *
phase_word (unsigned value)
{
    return value == PHASE_POST ? "post" : "pre";
}

static const char *
outcome_word (unsigned value)
{
    return outcome_name ((outcome_t)value);
}

static const char *
status_word (unsigned value)
{
    return status_name ((status_t)value);
}

static const char *
confirmation_word (unsigned value)
{
    return value == CONFIRMED_STORED      ? "stored"
           : value == CONFIRMED_DUPLICATE ? "duplicate"
                                          : "id_taken";
}

static const words_t phases = {phase_word, PHASE_PRE + 1, -1};
static const words_t outcomes = {outcome_word, OUTCOMES, -1};
static const words_t statuses = {status_word, STATUSES, STATUS_INTERNAL};
static const words_t verdicts = {confirmation_word, CONFIRMED_ID_TAKEN + 1, -1};

//  ---- Maps inside of bodies

// clang-format off
static const field_t event_fields [] = {
    //  Where it lies in the log: the broker's to say, so that in a PUBLISH nobody looks for it.
    PLAIN (event_t, partition,    SMALL,  OPTIONAL),
    PLAIN (event_t, seq,          NUMBER, OPTIONAL),
    PLAIN (event_t, accepted_ms,  NUMBER, OPTIONAL),
    TEXT  (event_t, via,          OPTIONAL, name_bytes),  //  its to say too
    //  What happened.
    TEXT  (event_t, id,           NEEDED,   id_bytes),
    TEXT  (event_t, given_id,     OPTIONAL, given_id_bytes),
    TEXT  (event_t, source,       OPTIONAL, source_bytes),
    TEXT  (event_t, type,         NEEDED,   type_bytes),
    TEXT  (event_t, subject,      NEEDED,   subject_bytes),
    TEXT  (event_t, key,          OPTIONAL, key_bytes),   //  absent: the subject
    TEXT  (event_t, time,         NEEDED,   name_bytes),
    WORD  (event_t, phase,        OPTIONAL, phases),
    TEXT  (event_t, content_type, OPTIONAL, name_bytes),  //  absent: application/json
    SIZED (event_t, data, BYTES,  OPTIONAL, data_size, event_bytes),
    //  Where it comes from.
    TEXT  (event_t, causation,    OPTIONAL, id_bytes),
    TEXT  (event_t, root,         OPTIONAL, id_bytes),
    PLAIN (event_t, hops,         SMALL,    OPTIONAL),
};
enum { PLACE_FIELDS = 4 };
static const record_t kept_event = RECORD ("event", event_t, event_fields);
static const record_t new_event = {
    "event", event_fields + PLACE_FIELDS, COUNT (event_fields) - PLACE_FIELDS, sizeof (event_t)};

static const field_t confirmation_fields [] = {
    WORD  (confirmation_t, kind,      NEEDED, verdicts),
    PLAIN (confirmation_t, partition, SMALL,  NEEDED),
    PLAIN (confirmation_t, seq,       NUMBER, NEEDED),
};
static const record_t confirmation = RECORD ("confirmation", confirmation_t, confirmation_fields);

static const field_t target_fields [] = {
    TEXT  (target_t, subscription,  NEEDED, name_bytes),
    PLAIN (target_t, version,       NUMBER, NEEDED),
    SIZED (target_t, deliver, JSON, NEEDED, deliver_size, frame_bytes),
    PLAIN (target_t, timeout_ms,    NUMBER, NEEDED),
};
static const record_t target = RECORD ("target", target_t, target_fields);

static const field_t delivery_fields [] = {
    PLAIN (delivery_t, lease,       NUMBER, NEEDED),
    PLAIN (delivery_t, number,      NUMBER, NEEDED),
    PLAIN (delivery_t, attempt,     SMALL,  NEEDED),
    PLAIN (delivery_t, deadline_ms, NUMBER, NEEDED),
    PLAIN (delivery_t, target,      SMALL,  NEEDED),
    PLAIN (delivery_t, batch,       NUMBER, OPTIONAL),
    EVENT (delivery_t, event,       NEEDED, &kept_event),
};
static const record_t delivery = RECORD ("delivery", delivery_t, delivery_fields);

static const field_t settlement_fields [] = {
    PLAIN (settlement_t, lease,          NUMBER,   NEEDED),
    WORD  (settlement_t, outcome,        NEEDED,   outcomes),
    PLAIN (settlement_t, retry_after_ms, NUMBER,   OPTIONAL),
    PLAIN (settlement_t, disables,       FLAG,     OPTIONAL),
    PLAIN (settlement_t, time_ms,        NUMBER,   OPTIONAL),
    PLAIN (settlement_t, duration_ms,    NUMBER,   OPTIONAL),
    PLAIN (settlement_t, http_status,    SMALL,    OPTIONAL),
    PLAIN (settlement_t, connect_us,     SMALL,    OPTIONAL),
    PLAIN (settlement_t, tls_us,         SMALL,    OPTIONAL),
    PLAIN (settlement_t, first_byte_us,  SMALL,    OPTIONAL),
    TEXT  (settlement_t, error,          OPTIONAL, result_bytes),
    TEXT  (settlement_t, result,         OPTIONAL, result_bytes),
    PLAIN (settlement_t, counts,         FLAG,     OPTIONAL),
    TEXT  (settlement_t, counted,        OPTIONAL, key_bytes),
};
static const record_t settlement = RECORD ("settlement", settlement_t, settlement_fields);

static const field_t feed_fields [] = {
    TEXT  (feed_t, subscription,   NEEDED,   name_bytes),
    PLAIN (feed_t, version,        NUMBER,   NEEDED),
    PLAIN (feed_t, created_ms,     NUMBER,   OPTIONAL),
    SIZED (feed_t, document, JSON, OPTIONAL, document_size, frame_bytes),
    LIST  (feed_t, seqs, NUMBER,   NEEDED,   seq_count, batch_events, NULL),
};
static const record_t feed = RECORD ("feed", feed_t, feed_fields);

//  ---- Bodies, one for each word of command.tbl

#define REQUEST(need)       PLAIN (message_t, request, NUMBER, need)
#define SESSION(need)       PLAIN (message_t, session, NUMBER, need)
#define STATUS_WORD         WORD (message_t, status, NEEDED, statuses)
#define SENTENCE            TEXT (message_t, text, OPTIONAL, result_bytes)
#define JSON                SIZED (message_t, json, JSON, OPTIONAL, json_size, frame_bytes)
#define LEASES(need, limit) LIST (message_t, leases, NUMBER, need, lease_count, limit, NULL)

static const field_t fields_PUBLISH [] = {
    REQUEST (NEEDED),
    LIST  (message_t, events, EVENT, NEEDED, event_count, batch_events, &new_event),
};
static const field_t fields_CALL [] = {
    REQUEST (NEEDED),
    TEXT  (message_t, method, NEEDED, name_bytes),
    JSON,
};
static const field_t fields_CONFIRM [] = {
    REQUEST (NEEDED),
    LIST  (message_t, confirmations, MAP, NEEDED, confirmation_count, batch_events, &confirmation),
    PLAIN (message_t, backoff_ms, NUMBER, OPTIONAL),
};
static const field_t fields_REFUSE [] = {
    REQUEST (NEEDED),
    STATUS_WORD,
    PLAIN (message_t, retry_after_ms, NUMBER, OPTIONAL),
    SENTENCE,
};
static const field_t fields_REPLY [] = {
    REQUEST (NEEDED),
    STATUS_WORD,
    JSON,
};
static const field_t fields_HELLO [] = {
    TEXT  (message_t, name,     NEEDED,   name_bytes),
    TEXT  (message_t, version,  OPTIONAL, name_bytes),
    TEXTS (message_t, actions,  OPTIONAL, name_bytes, action_count, batch_events),
    PLAIN (message_t, capacity, NUMBER,   OPTIONAL),
    TEXTS (message_t, schemas,  OPTIONAL, schema_bytes, schema_count, batch_events),
    TEXTS (message_t, labels,   OPTIONAL, label_bytes, label_count, labels),
    PLAIN (message_t, instance, NUMBER,   OPTIONAL),
    PLAIN (message_t, former,   NUMBER,   OPTIONAL),
    TEXTS (message_t, subscriptions, OPTIONAL, subscription_bytes, subscription_count, brought),
};
static const field_t fields_CREDIT [] = {
    SESSION (NEEDED),
    PLAIN (message_t, deliveries_granted, NUMBER, NEEDED),
    PLAIN (message_t, bytes_granted,      NUMBER, NEEDED),
};
static const field_t fields_SETTLE [] = {
    SESSION (NEEDED),
    LIST  (message_t, settlements, MAP, NEEDED, settlement_count, batch_events, &settlement),
};
static const field_t fields_RELEASE [] = {SESSION (NEEDED), LEASES (NEEDED, batch_events)};
static const field_t fields_LISTEN [] = {SESSION (NEEDED)};
static const field_t fields_CATCH_UP [] = {
    SESSION (NEEDED),
    TEXT  (message_t, subscription, NEEDED, name_bytes),
    PLAIN (message_t, partition, SMALL,  OPTIONAL),
    PLAIN (message_t, above,     NUMBER, OPTIONAL),
};
static const field_t fields_BYE [] = {
    SESSION (OPTIONAL),
    WORD (message_t, status, OPTIONAL, statuses),
    SENTENCE,
};
static const field_t fields_PROGRESS [] = {
    SESSION (NEEDED),
    PLAIN (message_t, lease,   NUMBER, NEEDED),
    PLAIN (message_t, percent, SMALL,  OPTIONAL),
    TEXT  (message_t, text,    OPTIONAL, progress_bytes),
};
static const field_t fields_WELCOME [] = {
    SESSION (NEEDED),
    PLAIN (message_t, heartbeat_ms, NUMBER, NEEDED),
    PLAIN (message_t, capacity,     NUMBER, OPTIONAL),
    PLAIN (message_t, former,       NUMBER, OPTIONAL),
};
static const field_t fields_DELIVER [] = {
    SESSION (NEEDED),
    LIST  (message_t, targets,    MAP, NEEDED, target_count,   batch_events, &target),
    LIST  (message_t, deliveries, MAP, NEEDED, delivery_count, batch_events, &delivery),
};
static const field_t fields_SETTLED [] = {SESSION (NEEDED), LEASES (NEEDED, batch_events)};
static const field_t fields_CANCEL [] = {SESSION (NEEDED), LEASES (NEEDED, leases_per_session)};
static const field_t fields_RESET [] = {SESSION (OPTIONAL)};
static const field_t fields_FEEDS [] = {
    SESSION (NEEDED),
    TEXT  (message_t, endpoint, OPTIONAL, result_bytes),
    LIST  (message_t, feeds,  MAP,    OPTIONAL, feed_count,  batch_events, &feed),
    LIST  (message_t, firsts, NUMBER, NEEDED,   first_count, batch_events, NULL),
    LIST  (message_t, lasts,  NUMBER, NEEDED,   last_count,  batch_events, NULL),
};
static const field_t fields_PAGE [] = {
    SESSION (NEEDED),
    TEXT  (message_t, subscription, NEEDED, name_bytes),
    PLAIN (message_t, partition, SMALL,  OPTIONAL),
    PLAIN (message_t, above,     NUMBER, OPTIONAL),
    PLAIN (message_t, reached,   NUMBER, OPTIONAL),
    PLAIN (message_t, first,     NUMBER, OPTIONAL),
    LIST  (message_t, events, EVENT, OPTIONAL, event_count, batch_events, &kept_event),
};
static const field_t fields_FEED [] = {
    TEXT  (message_t, subscription, OPTIONAL, name_bytes),
    PLAIN (message_t, prev,  NUMBER, OPTIONAL),
    EVENT (message_t, event, NEEDED, &kept_event),
};
static const field_t fields_HEARTBEAT [] = {
    SESSION (OPTIONAL),
    LEASES (OPTIONAL, leases_per_session),
    LIST (message_t, begun, NUMBER, OPTIONAL, begun_count, leases_per_session, NULL),
    PLAIN (message_t, tells_begun, FLAG, OPTIONAL),
    PLAIN (message_t, received, NUMBER, OPTIONAL),
    PLAIN (message_t, capacity, NUMBER, OPTIONAL),
    LIST (message_t, feeds, MAP, OPTIONAL, feed_count, batch_events, &feed),
    PLAIN (message_t, tells_feeds, FLAG, OPTIONAL),
    LIST (message_t, lasts, NUMBER, OPTIONAL, last_count, batch_events, NULL),
};
static const field_t fields_ERROR [] = {
    REQUEST (OPTIONAL),
    SESSION (OPTIONAL),
    STATUS_WORD,
    SENTENCE,
};
// clang-format on

static const record_t bodies [UINT8_MAX + 1] = {
#define COMMAND(name, byte, sender, text) [byte] = RECORD (#name, message_t, fields_##name),
#include "proto/wire/command.tbl"
};

const record_t *
record_of_command (unsigned command)
{
    return command <= UINT8_MAX && bodies [command].name ? &bodies [command] : NULL;
}

size_t
field_item_size (const field_t *field)
{
    switch (field->kind) {
        case FIELD_NUMBER: return sizeof (uint64_t);
        case FIELD_SMALL:
        case FIELD_WORD: return sizeof (uint32_t);
        case FIELD_FLAG: return sizeof (bool);
        case FIELD_TEXT: return sizeof (const char *);
        case FIELD_EVENT: return sizeof (event_t *);
        case FIELD_MAP: return field->of->size;
        case FIELD_JSON:
        case FIELD_BYTES: break;
    }
    ASSERT (false, "what has its size beside it is no item of a list");
    return 0;
}
