#include "worker/actions/transfer.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/model/assert.h"

enum {
    DRAIN_BYTES = 65536,   //  read beyond what is kept, so that the connection can be used again
    HEADER_BYTES = 65536,  //  of an answer, at most
    BUFFER_BYTES = 4096    //  that each slot of libcurl reads an answer into: most are small
};

//  ---- what libcurl calls

static curl_socket_t
transfer_open_socket (void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    transfer_t *self = context;
    (void)purpose;
    address_text (&address->addr, self->address);
    if (!self->settings->allows_private && !address_is_public (&address->addr)) {
        self->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
transfer_read_header (char *bytes, size_t one, size_t size, void *context)
{
    transfer_t *self = context;
    (void)one;
    if (size > 5 && memcmp (bytes, "HTTP/", 5) == 0)
        self->has_head = false;  //  of a 1xx was the one before
    else if (size > 0 && (*bytes == '\r' || *bytes == '\n'))
        self->has_head = true;
    self->header_size += size;
    return self->header_size > HEADER_BYTES ? 0 : size;
}

static size_t
transfer_read_reply (char *bytes, size_t one, size_t size, void *context)
{
    transfer_t *self = context;
    (void)one;
    size_t room = self->reply_bytes - self->reply.used;
    body_add (&self->reply, bytes, size < room ? size : room);
    self->reply_size += size;
    //  Less than size ends the transfer: what follows is of no interest, and might never end.
    return self->reply_size > self->reply_bytes + DRAIN_BYTES ? 0 : size;
}

//  ---- a handle

static void
transfer_set_once (transfer_t *self)
{
    CURL *curl = self->curl;
    TRANSFER_SET (curl, CURLOPT_ERRORBUFFER, self->curl_error);
    TRANSFER_SET (curl, CURLOPT_NOSIGNAL, 1L);
    TRANSFER_SET (curl, CURLOPT_PROTOCOLS_STR, "http,https");
    TRANSFER_SET (curl, CURLOPT_FOLLOWLOCATION, 0L);
    TRANSFER_SET (curl, CURLOPT_PROXY, "");  //  the check of the address would be of the proxy's
    TRANSFER_SET (curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    TRANSFER_SET (curl, CURLOPT_CONNECTTIMEOUT_MS, (long)self->settings->connect_timeout_ms);
    TRANSFER_SET (curl, CURLOPT_TCP_KEEPALIVE, 1L);
    TRANSFER_SET (curl, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    TRANSFER_SET (curl, CURLOPT_OPENSOCKETFUNCTION, transfer_open_socket);
    TRANSFER_SET (curl, CURLOPT_OPENSOCKETDATA, (void *)self);
    TRANSFER_SET (curl, CURLOPT_HEADERFUNCTION, transfer_read_header);
    TRANSFER_SET (curl, CURLOPT_HEADERDATA, (void *)self);
    TRANSFER_SET (curl, CURLOPT_WRITEFUNCTION, transfer_read_reply);
    TRANSFER_SET (curl, CURLOPT_WRITEDATA, (void *)self);
}

void
transfer_open (transfer_t *self, const transfer_settings_t *settings)
{
    self->settings = settings;
    self->curl = curl_easy_init ();
    ASSERT (self->curl, "out of memory: lower worker/capacity");
    transfer_set_once (self);
}

void
transfer_close (transfer_t *self)
{
    curl_easy_cleanup (self->curl);
    body_free (&self->reply);
}

void
transfer_prepare (transfer_t *self, int64_t timeout_ms)
{
    self->reply_size = self->header_size = 0;
    self->reply_bytes = self->settings->reply_bytes;
    body_clear (&self->reply);
    self->is_refused = self->has_head = false;
    self->address [0] = self->curl_error [0] = '\0';
    if (self->timeout_ms != timeout_ms) {
        self->timeout_ms = timeout_ms;
        TRANSFER_SET (self->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    }
}

//  ---- an answer

bool
transfer_is_cut (const transfer_t *self)
{
    return self->reply_size > self->reply_bytes;
}

//  However it ended after that: of a longer answer we wanted no more than we have.
bool
transfer_is_answered (const transfer_t *self, CURLcode code)
{
    return (code == CURLE_OK && self->has_head) || transfer_is_cut (self);
}

int
transfer_status (const transfer_t *self)
{
    long http_status = 0;
    curl_easy_getinfo (self->curl, CURLINFO_RESPONSE_CODE, &http_status);
    return (int)http_status;
}

const char *
transfer_header (const transfer_t *self, const char *name)
{
    struct curl_header *header;
    CURLHcode code = curl_easy_header (self->curl, name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? header->value : NULL;
}

static int64_t
time_us (const transfer_t *self, CURLINFO info)
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
void
transfer_measure (const transfer_t *self, ending_t *end)
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
curl_words (const transfer_t *self, CURLcode code)
{
    return *self->curl_error ? self->curl_error : curl_easy_strerror (code);
}

static void
explain_connection (const transfer_t *self, ending_t *end)
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
explain_timeout (const transfer_t *self, ending_t *end)
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
explain_certificate (const transfer_t *self, CURLcode code, ending_t *end)
{
    long result = X509_V_OK;
    curl_easy_getinfo (self->curl, CURLINFO_SSL_VERIFYRESULT, &result);
    ending_retry (end, "TLS: %s",
                  result != X509_V_OK ? X509_verify_cert_error_string (result)
                                      : curl_words (self, code));
}

//  CURLE_WRITE_ERROR is transfer_read_header's; CURLE_OUT_OF_MEMORY is what libcurl says of a single
//  line over 100 KiB.
static void
explain_head (ending_t *end)
{
    ending_retry (end, "the headers of the answer are longer than %d bytes", HEADER_BYTES);
}

//  CURLE_UNSUPPORTED_PROTOCOL is of the URL, or else of what was answered.
static void
explain_nonsense (const transfer_t *self, CURLcode code, ending_t *end)
{
    bool was_asked = time_us (self, CURLINFO_PRETRANSFER_TIME_T) > 0;
    ending_retry (end, "%s%s", was_asked ? "the answer is no HTTP: " : "", curl_words (self, code));
}

void
transfer_explain (const transfer_t *self, CURLcode code, ending_t *end)
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
