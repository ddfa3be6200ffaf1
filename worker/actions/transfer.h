/*  transfer – one HTTP request and its answer at a time, over an easy handle of libcurl.
 *
 *  What all that speak HTTP share: which addresses they may reach, how much of an answer is read, how
 *  long it may take, and in words how it failed. What is asked, and what an answer means, is its user's.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "worker/actions/address.h"
#include "worker/actions/ending.h"

//  What a setting of libcurl depends on is its build, which is ours to check.
#define TRANSFER_SET(curl, option, value)                       \
    ASSERT (curl_easy_setopt (curl, option, value) == CURLE_OK, \
            "libcurl 7.88 or later, with OpenSSL and HTTP, knows " #option)

typedef struct {
    bool allows_private;         //  addresses that are not public
    int64_t connect_timeout_ms;  //
    size_t reply_bytes;          //  of an answer, that are kept to be looked at
    size_t result_bytes;         //  likewise, of one that is read on
} transfer_settings_t;

//  Zero-initialised before transfer_open. Where it is, it stays: libcurl knows its address.
typedef struct {
    const transfer_settings_t *settings;  //  borrowed
    CURL *curl;                           //  CURLOPT_PRIVATE is the user's
    int64_t timeout_ms;                   //  as set in curl

    size_t reply_bytes;                 //  of the answer, that are kept
    body_t reply;                       //  the start of it
    size_t reply_size;                  //  of what was read
    size_t header_size;                 //
    bool has_head;                      //  the headers of the answer have ended
    bool is_refused;                    //  an address was not public
    char address [ADDRESS_TEXT_SIZE];   //  the last one tried; "" on a connection used again
    char curl_error [CURL_ERROR_SIZE];  //
} transfer_t;

void transfer_open (transfer_t *self, const transfer_settings_t *settings);
void transfer_close (transfer_t *self);

/*  Forgets the last answer. What is asked is set in curl by the user, who may also set reply_bytes: of the next
 *  answer, other than what the settings say.
 */
void transfer_prepare (transfer_t *self, int64_t timeout_ms);

/*  After libcurl is through with it. Whether there is an answer; if not, transfer_explain has the reason
 *  in words, as a retry or, where another attempt can do no better, as a failure.
 */
bool transfer_is_answered (const transfer_t *self, CURLcode code);
bool transfer_is_cut (const transfer_t *self);  //  the answer is longer than what is kept
void transfer_explain (const transfer_t *self, CURLcode code, ending_t *end);
int transfer_status (const transfer_t *self);                            //  of HTTP; 0: none came
const char *transfer_header (const transfer_t *self, const char *name);  //  of the answer, or NULL

//  How long it took, and what of it.
void transfer_measure (const transfer_t *self, ending_t *end);

#endif
