/*  webhook_conclude – how an attempt ended, by what libcurl says of it. */
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "worker/actions/webhook_state.h"

static int64_t
time_us (const webhook_t *self, CURLINFO info)
{
    curl_off_t time = 0;
    curl_easy_getinfo (self->curl, info, &time);
    return time;
}

static int32_t
settlement_us (int64_t us)
{
    return us < INT32_MAX ? (int32_t)us : INT32_MAX;
}

//  Of a connection that was used again libcurl tells when it was looked up: that says nothing.
static void
measure (const webhook_t *self, ending_t *end)
{
    settlement_t *settlement = &end->settlement;
    ending_took (end, time_us (self, CURLINFO_TOTAL_TIME_T));
    if (*self->address) {
        settlement->connect_us = settlement_us (time_us (self, CURLINFO_CONNECT_TIME_T));
        settlement->tls_us = settlement_us (time_us (self, CURLINFO_APPCONNECT_TIME_T));
    }
    if (self->header_size > 0)
        settlement->first_byte_us = settlement_us (time_us (self, CURLINFO_STARTTRANSFER_TIME_T));
}

//  ---- no answer, in words

//  The sentence that libcurl has, or that it has for all such errors.
static const char *
curl_words (const webhook_t *self, CURLcode code)
{
    return *self->curl_error ? self->curl_error : curl_easy_strerror (code);
}

static void
explain_connection (const webhook_t *self, ending_t *end)
{
    long number = 0;
    curl_easy_getinfo (self->curl, CURLINFO_OS_ERRNO, &number);
    const char *words = number ? strerrordesc_np ((int)number) : NULL;
    if (self->is_refused)
        ending_fail (
            end,
            "%s is no public address: set worker/allow_private_addresses to 1 to deliver there",
            self->address);
    else if (number == ECONNREFUSED)
        ending_retry (end, "connection refused by %s", self->address);
    else
        ending_retry (end, "no connection to %s: %s", self->address,
                      words ? words : curl_words (self, CURLE_COULDNT_CONNECT));
}

static void
explain_timeout (const webhook_t *self, ending_t *end)
{
    int64_t connected_us = time_us (self, CURLINFO_PRETRANSFER_TIME_T);
    bool is_connecting = connected_us == 0;
    long long waited_ms = self->timeout_ms;
    if (is_connecting && self->settings->connect_timeout_ms < waited_ms)
        waited_ms = self->settings->connect_timeout_ms;
    if (is_connecting && !*self->address)
        ending_retry (end, "the name of the host was not resolved within %lld ms", waited_ms);
    else if (is_connecting)
        ending_retry (end, "no connection to %s within %lld ms", self->address, waited_ms);
    else if (self->header_size > 0)
        ending_retry (end, "the answer did not end within %lld ms", waited_ms);
    else
        ending_retry (end, "no answer within %lld ms", waited_ms);
}

static void
explain_certificate (const webhook_t *self, CURLcode code, ending_t *end)
{
    long result = X509_V_OK;
    curl_easy_getinfo (self->curl, CURLINFO_SSL_VERIFYRESULT, &result);
    ending_retry (end, "TLS: %s",
                  result != X509_V_OK ? X509_verify_cert_error_string (result)
                                      : curl_words (self, code));
}

//  CURLE_WRITE_ERROR is webhook_read_header's; CURLE_OUT_OF_MEMORY is what libcurl says of a single
//  line over 100 KiB.
static void
explain_head (ending_t *end)
{
    ending_retry (end, "the headers of the answer are longer than %d bytes", HEADER_BYTES);
}

//  CURLE_UNSUPPORTED_PROTOCOL is of the URL, or else of what was answered.
static void
explain_nonsense (const webhook_t *self, CURLcode code, ending_t *end)
{
    bool was_asked = time_us (self, CURLINFO_PRETRANSFER_TIME_T) > 0;
    ending_retry (end, "%s%s", was_asked ? "the answer is no HTTP: " : "", curl_words (self, code));
}

void
webhook_explain (const webhook_t *self, CURLcode code, ending_t *end)
{
    switch ((int)code) {
        case CURLE_COULDNT_CONNECT: explain_connection (self, end); break;
        case CURLE_OPERATION_TIMEDOUT: explain_timeout (self, end); break;
        case CURLE_PEER_FAILED_VERIFICATION: explain_certificate (self, code, end); break;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR: ending_retry (end, "TLS: %s", curl_words (self, code)); break;
        case CURLE_ABORTED_BY_CALLBACK:
            ending_retry (end, "the worker stopped before the consumer had answered");
            break;
        case CURLE_GOT_NOTHING:
            ending_retry (end, "the connection was closed without an answer");
            break;
        case CURLE_PARTIAL_FILE:
            ending_retry (end, "the answer ended early: %s", curl_words (self, code));
            break;
        case CURLE_OK: ending_retry (end, "the answer ended early: within its headers"); break;
        case CURLE_WRITE_ERROR:
        case CURLE_OUT_OF_MEMORY: explain_head (end); break;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY: explain_nonsense (self, code, end); break;
        default: ending_retry (end, "%s", curl_words (self, code)); break;
    }
}

//  ---- an answer

static const char *
answer_header (const webhook_t *self, const char *name)
{
    struct curl_header *header;
    CURLHcode code = curl_easy_header (self->curl, name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? header->value : NULL;
}

void
webhook_conclude (webhook_t *self, CURLcode code, ending_t *end)
{
    long http_status = 0;
    curl_easy_getinfo (self->curl, CURLINFO_RESPONSE_CODE, &http_status);
    int64_t time_ms = end->settlement.time_ms;
    end->settlement = (settlement_t){.time_ms = time_ms, .http_status = (int32_t)http_status};
    measure (self, end);
    //  However it ended after that: of a longer answer we wanted no more than we have.
    bool has_enough = self->reply_size > self->settings->reply_bytes;
    bool is_ok = http_status >= 200 && http_status < 300;
    if ((code == CURLE_OK && self->has_head) || has_enough)
        webhook_judge ((int)http_status, is_ok ? NULL : answer_header (self, "retry-after"),
                       is_ok ? NULL : answer_header (self, "location"), self->target, self->now_s,
                       end);
    else
        webhook_explain (self, code, end);
    end->settlement.error = end->error;
    ending_keep_result (end, self->reply.bytes, self->reply.used, self->settings->reply_bytes);
}
