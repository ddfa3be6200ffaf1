#include "worker/session_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "proto/model/allocate.h"

enum { WORDS = 32, ATTEMPTS = 256, BATCH = 16 };

//  An attempt that was begun.
typedef struct {
    char lease [16];
    holding_t *holding;  //  NULL: finished
    size_t count;        //  of its batch; 1: alone
} begun_t;

typedef struct {
    worker_session_t *session;
    limits_t limits;
    FILE *out;  //  the transcript as it was
    int64_t now_ms;
    char *words [WORDS];  //  of the line in hand; "" beyond the last
    size_t count;
    begun_t begun [ATTEMPTS];
    size_t begun_count;
    int64_t capacity;  //  that heartbeats tell, unless another one is wanted
} stage_t;

//  The number in a name: 7 of L7 or s7.
static uint64_t
number_of (const char *name)
{
    return strtoull (name + strcspn (name, "0123456789"), NULL, 10);
}

static int64_t
option (const stage_t *stage, const char *name, int64_t otherwise)
{
    for (size_t i = 0; i + 1 < stage->count; i++)
        if (strcmp (stage->words [i], name) == 0)
            return strtoll (stage->words [i + 1], NULL, 10);
    return otherwise;
}

//  ---- out

static void
print_leases (FILE *out, const uint64_t *leases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf (out, " L%llu", (unsigned long long)leases [i]);
}

static void
print_message_of (stage_t *stage, const message_t *message)
{
    FILE *out = stage->out;
    fprintf (out, "%s", command_name (message->command));
    if (message->session)
        fprintf (out, " s%llu", (unsigned long long)message->session);
    if (message->former)
        fprintf (out, " former s%llu", (unsigned long long)message->former);
    if (message->command == COMMAND_CREDIT)
        fprintf (out, " %llu bytes %llu", (unsigned long long)message->deliveries_granted,
                 (unsigned long long)message->bytes_granted);
    if (message->command == COMMAND_HEARTBEAT)
        fprintf (out, " received %llu", (unsigned long long)message->received);
    for (size_t i = 0; i < message->settlement_count; i++)
        fprintf (out, " L%llu %s%s%s", (unsigned long long)message->settlements [i].lease,
                 outcome_name (message->settlements [i].outcome),
                 *message->settlements [i].error ? " because " : "",
                 message->settlements [i].error);
    if (message->command == COMMAND_PROGRESS)
        fprintf (out, " L%llu %d %s", (unsigned long long)message->lease, (int)message->percent,
                 message->text);
    if (message->command == COMMAND_HEARTBEAT && message->capacity != stage->capacity)
        fprintf (out, " capacity %lld", (long long)message->capacity);
    print_leases (out, message->leases, message->lease_count);
    if (message->begun_count > 0)
        fprintf (out, " begun");
    print_leases (out, message->begun, message->begun_count);
}

static void
note_begun (stage_t *stage, const worker_effect_t *effect)
{
    begun_t *begun = &stage->begun [stage->begun_count++];
    assert_true (stage->begun_count <= ATTEMPTS);
    snprintf (begun->lease, sizeof begun->lease, "L%llu",
              (unsigned long long)effect->delivery->lease);
    begun->holding = effect->holding;
    begun->count = effect->delivery_count;
    fprintf (stage->out, "BEGIN %s %s", begun->lease, effect->target->subscription);
    for (size_t i = 1; i < effect->delivery_count; i++)
        fprintf (stage->out, " L%llu", (unsigned long long)effect->deliveries [i]->lease);
}

static begun_t *
find_begun (stage_t *stage, const char *lease, const holding_t *holding)
{
    for (size_t i = 0; i < stage->begun_count; i++) {
        begun_t *begun = &stage->begun [i];
        if (begun->holding &&
            (lease ? strcmp (begun->lease, lease) == 0 : begun->holding == holding))
            return begun;
    }
    fail_msg ("%lld: nothing of the name %s is under way", (long long)stage->now_ms,
              lease ? lease : "?");
    return NULL;
}

static void
print_effects (stage_t *stage)
{
    worker_effect_t effect;
    while (worker_session_take (stage->session, &effect)) {
        fprintf (stage->out, "%4lld < ", (long long)stage->now_ms);
        switch (effect.kind) {
            case WORKER_SEND: print_message_of (stage, effect.message); break;
            case WORKER_BEGIN: note_begun (stage, &effect); break;
            case WORKER_CANCEL:
                fprintf (stage->out, "CANCEL %s", find_begun (stage, NULL, effect.holding)->lease);
                break;
            case WORKER_CONNECT: fprintf (stage->out, "CONNECT"); break;
        }
        fputc ('\n', stage->out);
    }
    if (worker_session_has_left (stage->session))
        fprintf (stage->out, "%4lld < LEFT\n", (long long)stage->now_ms);
}

//  ---- in

static void
hear (stage_t *stage, const message_t *message)
{
    uint8_t head [2] = {WIRE_VERSION, (uint8_t)message->command};
    uint8_t *body;
    size_t size;
    message_encode (message, &body, &size);
    message_t heard;
    problem_t problem = {0};
    if (message_decode (&heard, head, sizeof head, body, size, &stage->limits, &problem))
        fail_msg ("%lld: %s", (long long)stage->now_ms, problem.text);
    free (body);
    worker_session_hear (stage->session, &heard, stage->now_ms);
}

static void
hear_delivery (stage_t *stage, message_t *message)
{
    static const uint8_t data [4096] = {0};
    event_t fields = {.id = "e",
                      .type = "a.b",
                      .subject = "s",
                      .time = "2026-11-24T00:00:00Z",
                      .phase = option (stage, "question", 0) ? PHASE_PRE : PHASE_POST,
                      .data = data,
                      .data_size = (size_t)option (stage, "size", 1)};
    event_t *event = event_new (&fields);
    target_t target = {.subscription = stage->words [4],
                       .version = 1,
                       .deliver = "{}",
                       .deliver_size = 2,
                       .timeout_ms = option (stage, "timeout", 1000)};
    delivery_t deliveries [BATCH];
    message->targets = &target;
    message->target_count = 1;
    message->deliveries = deliveries;
    message->delivery_count = (size_t)option (stage, "batch", 1);
    for (size_t i = 0; i < message->delivery_count; i++)
        deliveries [i] = (delivery_t){.number = number_of (stage->words [2]) + i,
                                      .lease = number_of (stage->words [3]) + i,
                                      .attempt = 1,
                                      .deadline_ms = option (stage, "deadline", 31000),
                                      .batch = message->delivery_count > 1 ? 7 : 0,
                                      .event = event};
    hear (stage, message);
    event_destroy (&event);
}

static void
hear_settled (stage_t *stage, message_t *message)
{
    uint64_t leases [WORDS];
    message->leases = leases;
    while (message->lease_count + 2 < stage->count) {
        leases [message->lease_count] = number_of (stage->words [message->lease_count + 2]);
        message->lease_count++;
    }
    hear (stage, message);
}

static void
finish (stage_t *stage)
{
    begun_t *begun = find_begun (stage, stage->words [1], NULL);
    settlement_t settlements [BATCH];
    bool is_something = false;
    for (size_t i = 0; i < begun->count; i++) {
        const char *word = i > 0 && *stage->words [2 + i] ? stage->words [2 + i] : stage->words [2];
        settlements [i] = (settlement_t){.time_ms = 1, .duration_ms = 1};
        is_something = outcome_from_name (word, &settlements [i].outcome);
        if (settlements [i].outcome != OUTCOME_OK)
            settlements [i].error = "that";
    }
    worker_session_finish (stage->session, begun->holding, is_something ? settlements : NULL,
                           stage->now_ms);
    begun->holding = NULL;
}

//  TELL L1 42 half
static void
tell (stage_t *stage)
{
    worker_session_progress (stage->session, find_begun (stage, stage->words [1], NULL)->holding,
                             (int32_t)number_of (stage->words [2]),
                             stage->count > 3 ? stage->words [3] : "", stage->now_ms);
}

static void
perform (stage_t *stage)
{
    static const struct {
        const char *name;
        command_t command;
    } words [] = {{"WELCOME", COMMAND_WELCOME},     {"RESET", COMMAND_RESET},
                  {"HEARTBEAT", COMMAND_HEARTBEAT}, {"BYE", COMMAND_BYE},
                  {"DELIVER", COMMAND_DELIVER},     {"SETTLED", COMMAND_SETTLED},
                  {"CANCEL", COMMAND_CANCEL}};
    const char *verb = stage->words [0];
    message_t message = {.session = number_of (stage->words [1])};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp (verb, words [i].name) == 0)
            message.command = words [i].command;

    if (message.command == COMMAND_WELCOME) {
        message.heartbeat_ms = (int64_t)number_of (stage->words [2]);
        message.capacity = strtoll (stage->words [3], NULL, 10);
        message.former = (uint64_t)option (stage, "former", 0);
    }
    if (message.command == COMMAND_BYE && strcmp (stage->words [2], "because") == 0)
        status_from_name (stage->words [3], &message.status);
    if (message.command == COMMAND_HEARTBEAT)
        message.received = number_of (stage->words [2]);
    if (message.command == COMMAND_DELIVER)
        hear_delivery (stage, &message);
    else if (message.command == COMMAND_SETTLED || message.command == COMMAND_CANCEL)
        hear_settled (stage, &message);
    else if (message.command)
        hear (stage, &message);
    else if (strcmp (verb, "FINISH") == 0)
        finish (stage);
    else if (strcmp (verb, "TELL") == 0)
        tell (stage);
    else if (strcmp (verb, "TICK") == 0)
        worker_session_tick (stage->session, stage->now_ms);
    else if (strcmp (verb, "LEAVE") == 0)
        worker_session_leave (stage->session, stage->now_ms);
    else if (strcmp (verb, "DEADLINE") == 0)
        fprintf (stage->out, "%4lld < TICK at %lld\n", (long long)stage->now_ms,
                 (long long)worker_session_deadline (stage->session));
    else
        fail_msg ("no input is called %s", verb);
}

//  "   0 > TICK" into now_ms and words; false for a line that is an effect.
static bool
split (stage_t *stage, char *line)
{
    char *mark = strpbrk (line, "<>");
    if (!mark || *mark == '<')
        return false;
    stage->now_ms = strtoll (line, NULL, 10);
    stage->count = 0;
    char *rest = NULL;
    for (char *word = strtok_r (mark + 1, " \n", &rest); word && stage->count < WORDS;
         word = strtok_r (NULL, " \n", &rest))
        stage->words [stage->count++] = word;
    for (size_t i = stage->count; i < WORDS; i++)
        stage->words [i] = "";
    return stage->count > 0;
}

static void
compare (const char *expected, const char *came)
{
    if (getenv ("TOCSIN_BLESS")) {
        for (const char *line = came; *line; line += strcspn (line, "\n") + 1)
            printf ("\"%.*s\\n\"\n", (int)strcspn (line, "\n"), line);
        printf ("\n");
    }
    else if (strcmp (expected, came) != 0)
        fail_msg ("expected:\n%s\ncame:\n%s\n", expected, came);
}

static void
finish_all (stage_t *stage)
{
    for (size_t i = 0; i < stage->begun_count; i++)
        if (stage->begun [i].holding)
            worker_session_finish (stage->session, stage->begun [i].holding, NULL, stage->now_ms);
}

worker_session_settings_t
session_play_settings (void)
{
    static const char *const actions [] = {"webhook"};
    static limits_t limits;
    limits = limits_default ();
    limits.event_bytes = 100;
    return (worker_session_settings_t){.name = "w1",
                                       .version = "1",
                                       .actions = actions,
                                       .action_count = 1,
                                       .capacity = 4,
                                       .capacity_bytes = 1000,
                                       .limits = &limits,
                                       .seed = 1};
}

void
session_play_with (const worker_session_settings_t *settings, const char *transcript)
{
    char *came;
    size_t came_size;
    stage_t stage = {.limits = limits_default (), .out = open_memstream (&came, &came_size)};
    stage.session = worker_session_new (settings, 0);
    stage.capacity = settings->capacity;
    print_effects (&stage);

    char *lines = allocate_copy (transcript);
    char *rest = NULL;
    for (char *line = strtok_r (lines, "\n", &rest); line; line = strtok_r (NULL, "\n", &rest)) {
        char *copy = allocate_copy (line);
        if (split (&stage, line)) {
            fprintf (stage.out, "%s\n", copy);
            perform (&stage);
            print_effects (&stage);
        }
        free (copy);
    }
    finish_all (&stage);
    worker_session_destroy (&stage.session);
    fclose (stage.out);
    compare (transcript, came);
    free (lines);
    free (came);
}

void
session_play (const char *transcript)
{
    worker_session_settings_t settings = session_play_settings ();
    session_play_with (&settings, transcript);
}
