/*  letter_options – which dead letters a command is about: --type, --subject, --reason, --before,
 *  --after.
 */
#ifndef LETTER_OPTIONS_H
#define LETTER_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

#include "cli/client.h"
#include "cli/number.h"

typedef struct {
    const char *type, *subject, *reason;                       //  argv's; NULL when not given
    char before [NUMBER_TIME_SIZE], after [NUMBER_TIME_SIZE];  //  "" when not given
} letter_options_t;

extern const struct argp letter_options_argp;  //  a child: hand it its letter_options_t

bool letter_options_are_given (const letter_options_t *self);

//  As the API's filter, an object; owned by the caller.
json_t *letter_options_filter (const letter_options_t *self);
//  As the parameters of a URL, "?type=…&reason=…", or "" without any; free () it.
char *letter_options_query (const letter_options_t *self, client_t *client);

#endif
