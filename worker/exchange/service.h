/*  service – a server that the worker's configuration names, and who we are there.
 *
 *  The API only ever says its name. What the server says of itself, that it wants to be left alone, and
 *  the token are shared by all threads; all else stays as it was read.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdatomic.h>

#include "daemon/settings.h"
#include "proto/model/template.h"
#include "worker/actions/transfer.h"
#include "worker/exchange/token.h"

typedef struct {
    char name [SETTINGS_NAME_SIZE];
    char *url;            //  without a / at its end; ours
    char *authorization;  //  a header; ours; NULL: none, or there is a token
    token_t *token;       //  ours; NULL: none
    int64_t batch;        //  requests of one POST to url/batch; 1: there is no such thing
    transfer_settings_t transfer;
    atomic_int_fast64_t quiet_until_ms;  //  monotonic: until then nothing is asked
} service_t;

/*  Parts of a configuration, each BAD_SETTING and a sentence for what could never work. section:
 *  "worker/kinto".
 */
status_t service_read_url (service_t *self, const char *section, const char *url,
                           problem_t *problem);
status_t service_read_basic (service_t *self, const char *section, const char *user,
                             const char *password, problem_t *problem);
status_t service_read_bearer (service_t *self, const char *section, const char *token,
                              problem_t *problem);
void service_clear (service_t *self);

//  Whether it may be the URL of a server: http or https, a host, no blanks, no query and no slots.
bool service_url_is_good (const char *url);

/*  What is behind its URL, filled in: the template begins with that URL, so that no value leads to another
 *  host. NULL and a problem; free () it.
 */
char *service_fill_path (const service_t *self, const char *url_template, template_facts_t *facts,
                         size_t most, problem_t *problem);

//  It wants to be left alone for so long, at most an hour; longer than said before, or else as before.
void service_hush (service_t *self, int64_t now_ms, int64_t quiet_ms);
int64_t service_quiet_until_ms (const service_t *self);

#endif
