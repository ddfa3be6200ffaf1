/*  options – the command line that every role has: --config FILE and --set KEY=VALUE, as an argp
 *  child; and the settings that come of it.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

#include "daemon/settings.h"

enum { OPTIONS_SETS = 256 };  //  --set, at most

typedef struct {
    const char *config;               //  a path, or NULL; argv's
    const char *sets [OPTIONS_SETS];  //  "gateway/listen=…", in order; argv's
    size_t set_count;
} options_t;

//  A child of a program's argp. The program's parser hands it its options_t at ARGP_KEY_INIT, as
//  state->child_inputs [0].
extern const struct argp options_argp;

/*  Settings from file, environment and --set, in growing strength; sets the log's level and format.
 *  NULL and a problem otherwise.
 */
settings_t *options_read (const options_t *self, problem_t *problem);

//  The same, over settings that already have defaults of the caller's.
status_t options_apply (const options_t *self, settings_t *settings, problem_t *problem);

#endif
