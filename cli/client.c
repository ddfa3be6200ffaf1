#include "cli/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/owned.h"
#include "version.h"

enum {
    CONNECT_MS = 5000,
    ANSWER_MS = 30000,
    SILENCE_MS = 30000,       //  of an answer without end: a gateway says something every 10 s
    ANSWER_BYTES = 64 << 20,  //  more is no answer of a gateway
    SHOWN = 120               //  of somebody else's words, in a sentence
};

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char *url;                     //  without a slash at its end
    char fault [CURL_ERROR_SIZE];  //  libcurl's words on its last failure
    char *answer;                  //  of the request under way, answer_size bytes
    size_t answer_size;
    client_take_t *take;    //  of an answer without end; NULL: it has one
    void *context;          //  take's
    bool wants_no_more;     //  take said so
    int64_t heard_ms;       //  monotonic: when something of it came
    char next_page [1024];  //  path and query of its header Next-Page; "" when it has none
};

static size_t
client_take (char *bytes, size_t one, size_t count, void *context)
{
    client_t *self = (client_t *)context;
    size_t size = one * count;
    long http = 0;
    if (self->take)
        curl_easy_getinfo (self->curl, CURLINFO_RESPONSE_CODE, &http);
    if (http == 200) {
        self->heard_ms = monotonic_ms ();
        self->wants_no_more = !self->take (self->context, bytes, size);
        return self->wants_no_more ? 0 : size;
    }
    if (self->answer_size + size > ANSWER_BYTES)
        return 0;  //  libcurl takes it as a failure to write
    self->answer = (char *)allocate_again (self->answer, self->answer_size + size, 1);
    memcpy (self->answer + self->answer_size, bytes, size);
    self->answer_size += size;
    return size;
}

/*  Keeps Next-Page of the headers, without scheme and host: the token goes where it was going. */
static size_t
client_take_header (char *bytes, size_t one, size_t count, void *context)
{
    static const char name [] = "Next-Page:";
    client_t *self = (client_t *)context;
    size_t size = one * count;
    char line [sizeof self->next_page] = "";
    if (size > sizeof name && size < sizeof line &&
        strncasecmp (bytes, name, sizeof name - 1) == 0) {
        memcpy (line, bytes + sizeof name - 1, size - (sizeof name - 1));
        line [strcspn (line, "\r\n")] = 0;
        const char *path = strstr (line, "/v1/");
        snprintf (self->next_page, sizeof self->next_page, "%s", path ? path : "");
    }
    return size;
}

//  Asked by libcurl about each second, while an answer without end is waited for.
static int
client_is_silent (void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    const client_t *self = (const client_t *)context;
    return monotonic_ms () - self->heard_ms > SILENCE_MS;
}

static void
client_add_header (client_t *self, const char *header)
{
    self->headers = curl_slist_append (self->headers, header);
    ASSERT (self->headers, "curl_slist_append fails only without memory");
}

client_t *
client_new (const char *url, const char *token)
{
    curl_global_init (CURL_GLOBAL_DEFAULT);
    client_t *self = ALLOCATE (client_t);
    self->url = allocate_copy (url);
    for (size_t size = strlen (url); size > 0 && self->url [size - 1] == '/'; size--)
        self->url [size - 1] = 0;

    char header [300];
    client_add_header (self, "Content-Type: application/json");
    client_add_header (self, "Expect:");  //  no round trip more to ask whether a body is welcome
    snprintf (header, sizeof header, "Authorization: Bearer %s", token);
    if (*token)
        client_add_header (self, header);

    self->curl = curl_easy_init ();
    ASSERT (self->curl, "curl_easy_init fails only without memory");
    curl_easy_setopt (self->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (self->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt (self->curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt (self->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt (self->curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
    curl_easy_setopt (self->curl, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
    curl_easy_setopt (self->curl, CURLOPT_HTTPHEADER, self->headers);
    curl_easy_setopt (self->curl, CURLOPT_ERRORBUFFER, self->fault);
    curl_easy_setopt (self->curl, CURLOPT_WRITEFUNCTION, client_take);
    curl_easy_setopt (self->curl, CURLOPT_WRITEDATA, self);
    curl_easy_setopt (self->curl, CURLOPT_HEADERFUNCTION, client_take_header);
    curl_easy_setopt (self->curl, CURLOPT_HEADERDATA, self);
    curl_easy_setopt (self->curl, CURLOPT_XFERINFOFUNCTION, client_is_silent);
    curl_easy_setopt (self->curl, CURLOPT_XFERINFODATA, self);
    return self;
}

void
client_destroy (client_t **self_p)
{
    client_t *self = *self_p;
    if (!self)
        return;
    curl_easy_cleanup (self->curl);
    curl_slist_free_all (self->headers);
    free (self->url);
    free (self->answer);
    free (self);
    *self_p = NULL;
}

static status_t
client_explain_failure (const client_t *self, CURLcode code, problem_t *problem)
{
    const char *words = *self->fault ? self->fault : curl_easy_strerror (code);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return problem_set (problem, STATUS_SYSTEM, "%.80s says nothing any more", self->url);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return problem_set (problem, STATUS_SYSTEM,
                            "no gateway answers at %.80s: start one with `tocsin up`, or say "
                            "where it is with --url",
                            self->url);
    return problem_set (problem, STATUS_SYSTEM, "%.80s: %.*s", self->url, SHOWN, words);
}

/*  The status whose number and errno an answer carries, so that a caller can tell them apart. */
static status_t
client_status_of (long http, int number)
{
    for (int i = 0; i < STATUSES; i++)
        if (status_http ((status_t)i) == http && status_errno ((status_t)i) == number)
            return (status_t)i;
    for (int i = 0; i < STATUSES; i++)
        if (status_http ((status_t)i) == http)
            return (status_t)i;
    return STATUS_INTERNAL;
}

static status_t
client_explain_refusal (const client_t *self, long http, const json_t *body, problem_t *problem)
{
    const char *message = json_string_value (json_object_get (body, "message"));
    int number = (int)json_integer_value (json_object_get (body, "errno"));
    if (http == 401)
        return problem_set (problem, STATUS_UNAUTHENTICATED,
                            "%.80s does not know this token: give one with --token-file or "
                            "TOCSIN_TOKEN; `tocsin up` writes admin.token",
                            self->url);
    if (!message)
        return problem_set (problem, STATUS_INTERNAL,
                            "%.80s answers %ld and nothing that a gateway of Tocsin would say",
                            self->url, http);
    return problem_set (problem, client_status_of (http, number), "%s", message);
}

static status_t
client_perform (client_t *self, const char *method, const char *path, long *http,
                problem_t *problem)
{
    size_t size = strlen (self->url) + strlen (path) + 1;
    char *url = (char *)allocate (size, 1);
    snprintf (url, size, "%s%s", self->url, path);
    curl_easy_setopt (self->curl, CURLOPT_URL, url);
    curl_easy_setopt (self->curl, CURLOPT_CUSTOMREQUEST, method);
    self->answer_size = 0;
    *self->next_page = 0;
    *self->fault = 0;
    CURLcode code = curl_easy_perform (self->curl);
    free (url);
    if (code != CURLE_OK)
        return client_explain_failure (self, code, problem);
    curl_easy_getinfo (self->curl, CURLINFO_RESPONSE_CODE, http);
    return STATUS_OK;
}

status_t
client_send (client_t *self, const char *method, const char *path, const char *body, size_t size,
             json_t **answer, problem_t *problem)
{
    if (body) {
        curl_easy_setopt (self->curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt (self->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    }
    else
        curl_easy_setopt (self->curl, CURLOPT_HTTPGET, 1L);

    long http = 0;
    status_t status = client_perform (self, method, path, &http, problem);
    if (status)
        return status;
    OWNED (json) json_t *read = json_loadb (self->answer, self->answer_size, 0, NULL);
    if (http < 200 || http > 299)
        return client_explain_refusal (self, http, read, problem);
    if (!read && self->answer_size > 0)
        return problem_set (problem, STATUS_INTERNAL,
                            "%.80s answers with something that is not JSON: is it a gateway of "
                            "Tocsin?",
                            self->url);
    if (answer)
        *answer = TAKE (read);
    return STATUS_OK;
}

status_t
client_call (client_t *self, const char *method, const char *path, const json_t *body,
             json_t **answer, problem_t *problem)
{
    char *text = body ? json_dumps (body, JSON_COMPACT) : NULL;
    status_t status =
        client_send (self, method, path, text, text ? strlen (text) : 0, answer, problem);
    free (text);
    return status;
}

status_t
client_follow (client_t *self, const char *path, client_take_t *take, void *context,
               problem_t *problem)
{
    self->take = take;
    self->context = context;
    self->wants_no_more = false;
    curl_easy_setopt (self->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt (self->curl, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt (self->curl, CURLOPT_NOPROGRESS, 0L);
    self->heard_ms = monotonic_ms ();
    long http = 0;
    status_t status = client_perform (self, "GET", path, &http, problem);
    curl_easy_setopt (self->curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
    curl_easy_setopt (self->curl, CURLOPT_NOPROGRESS, 1L);
    self->take = NULL;
    if (self->wants_no_more)
        return STATUS_OK;
    if (status != STATUS_OK || http == 200)
        return status;
    OWNED (json) json_t *read = json_loadb (self->answer, self->answer_size, 0, NULL);
    return client_explain_refusal (self, http, read, problem);
}

char *
client_path (client_t *self, const char *collection, const char *id)
{
    char *escaped = curl_easy_escape (self->curl, id, 0);
    ASSERT (escaped, "curl_easy_escape fails only without memory");
    size_t size = strlen (collection) + strlen (escaped) + 2;
    char *path = (char *)allocate (size, 1);
    snprintf (path, size, "%s/%s", collection, escaped);
    curl_free (escaped);
    return path;
}

const char *
client_next_page (const client_t *self)
{
    return *self->next_page ? self->next_page : NULL;
}
