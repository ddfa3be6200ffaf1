#include "worker/exchange/token.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum {
    LISTENERS = 256,         //  an instance for each action thread, of which there are no more
    MARGIN_MOST_MS = 300000  //  it is renewed so long before it expires, or after 3/4 of its life
};

struct token {
    char *url, *client_id, *client_secret, *audience;  //  ours
    pthread_mutex_t lock;                              //  of all below
    char *line;                                        //  ours; NULL: there is none
    int64_t renew_at_ms;                               //  monotonic
    uint64_t number;                                   //  of the line: 1, 2, 3 …
    bool is_fetched;                                   //  just now, by somebody
    uint64_t failures;                                 //
    settlement_t failure;                              //  the last one; its texts are next
    char failure_words [ENDING_ERROR_SIZE];
    wake_t *listeners [LISTENERS];
    size_t listener_count;
};

token_t *
token_new (const token_settings_t *settings)
{
    token_t *self = ALLOCATE (token_t);
    self->url = allocate_copy (settings->url);
    self->client_id = allocate_copy (settings->client_id);
    self->client_secret = allocate_copy (settings->client_secret);
    self->audience = allocate_copy (settings->audience);
    pthread_mutex_init (&self->lock, NULL);
    return self;
}

void
token_destroy (token_t **self_p)
{
    token_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_destroy (&self->lock);
    free (self->url);
    free (self->client_id);
    free (self->client_secret);
    free (self->audience);
    free (self->line);
    free (self);
    *self_p = NULL;
}

const char *
token_url (const token_t *self)
{
    return self->url;
}

json_t *
token_request (const token_t *self)
{
    json_t *body = json_pack ("{s:s, s:s, s:s}", "grant_type", "client_credentials", "client_id",
                              self->client_id, "client_secret", self->client_secret);
    ASSERT (body, "settings are UTF-8: token_new's caller has looked");
    if (*self->audience)
        json_object_set_new (body, "audience", json_string (self->audience));
    return body;
}

//  ---- who needs one

static token_answer_t
take (token_t *self, token_place_t *place, int64_t now_ms, char **line, ending_t *end)
{
    if (self->line && now_ms < self->renew_at_ms) {
        place->number = self->number;
        place->waits = false;
        *line = allocate_copy (self->line);
        return TOKEN_READY;
    }
    if (place->waits && self->failures != place->failures) {
        ending_retry (end, "%s", self->failure_words);
        end->settlement.http_status = self->failure.http_status;
        end->settlement.retry_after_ms = self->failure.retry_after_ms;
        return TOKEN_FAILED;
    }
    place->waits = true;
    place->failures = self->failures;
    if (self->is_fetched)
        return TOKEN_WAIT;
    self->is_fetched = true;
    return TOKEN_FETCH;
}

token_answer_t
token_take (token_t *self, token_place_t *place, int64_t now_ms, char **line, ending_t *end)
{
    pthread_mutex_lock (&self->lock);
    token_answer_t answer = take (self, place, now_ms, line, end);
    pthread_mutex_unlock (&self->lock);
    return answer;
}

void
token_refused (token_t *self, const token_place_t *place)
{
    pthread_mutex_lock (&self->lock);
    if (place->number == self->number)
        self->renew_at_ms = 0;
    pthread_mutex_unlock (&self->lock);
}

//  ---- who fetches one

static void
keep (token_t *self, const char *value, int64_t lives_ms, int64_t now_ms)
{
    free (self->line);
    self->line = allocate (strlen (value) + sizeof "Authorization: Bearer ", 1);
    stpcpy (stpcpy (self->line, "Authorization: Bearer "), value);
    int64_t margin_ms = lives_ms / 4 < MARGIN_MOST_MS ? lives_ms / 4 : MARGIN_MOST_MS;
    self->renew_at_ms = now_ms + lives_ms - margin_ms;
    self->number++;
}

static void
fail (token_t *self, const ending_t *end)
{
    self->failures++;
    self->failure = end->settlement;
    snprintf (self->failure_words, sizeof self->failure_words, "no token from %.200s: %.700s",
              self->url, end->error);
}

//  Printable, as a header wants it; NULL when the answer has none.
static const char *
token_in (const answer_t *answer)
{
    const char *value = json_string_value (json_object_get (answer->body, "access_token"));
    if (!value || !*value)
        return NULL;
    for (const char *at = value; *at; at++)
        if (*at <= ' ' || *at > '~')
            return NULL;
    return value;
}

void
token_fetched (token_t *self, const answer_t *answer, int64_t now_ms, const ending_t *end)
{
    const char *value = answer && answer->status == 200 ? token_in (answer) : NULL;
    ending_t judged = {0};
    if (answer && !value) {
        ending_start (&judged, 0);
        if (answer->status == 200)
            ending_retry (&judged, "the answer has no access_token");
        else
            answer_judge (answer, &judged);
        judged.settlement.http_status = answer->status;
        end = &judged;
    }
    double expires_s = value ? json_number_value (json_object_get (answer->body, "expires_in")) : 0;
    int64_t lives_ms = expires_s > 0 && expires_s < 1e9 ? (int64_t)(expires_s * 1000) : 3600000;
    pthread_mutex_lock (&self->lock);
    self->is_fetched = false;
    if (value)
        keep (self, value, lives_ms, now_ms);
    else
        fail (self, end);
    for (size_t i = 0; i < self->listener_count; i++)
        wake_ring (self->listeners [i]);
    pthread_mutex_unlock (&self->lock);
}

//  ---- who wants to know

void
token_listen (token_t *self, wake_t *wake)
{
    pthread_mutex_lock (&self->lock);
    ASSERT (self->listener_count < LISTENERS, "worker/threads is at most 256");
    self->listeners [self->listener_count++] = wake;
    pthread_mutex_unlock (&self->lock);
}

void
token_unlisten (token_t *self, const wake_t *wake)
{
    pthread_mutex_lock (&self->lock);
    for (size_t i = 0; i < self->listener_count; i++)
        if (self->listeners [i] == wake)
            self->listeners [i] = self->listeners [--self->listener_count];
    pthread_mutex_unlock (&self->lock);
}
