/*  settings – one ZPL file for all roles, every key also from the environment and --set.
 *
 *  In growing strength: default, file, TOCSIN_GATEWAY_LISTEN, --set gateway/listen=…. The keys
 *  there are, with type, default and sentence, are in settings.tbl: --help, the sample configuration
 *  and docs/configuration.md come from it. An unknown key is an error.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/model/limits.h"

enum { SETTINGS_NAME_SIZE = 33 };

typedef struct settings settings_t;

settings_t *settings_new (void);
void settings_destroy (settings_t **self_p);

//  BAD_SETTING and a sentence with file, key and remedy; SYSTEM when the file cannot be read.
status_t settings_read_file (settings_t *self, const char *path, problem_t *problem);
status_t settings_read_environment (settings_t *self, char *const *environment, problem_t *problem);
status_t settings_set (settings_t *self, const char *key_is_value,
                       problem_t *problem);  //  "gateway/listen=…"

//  One value by its key. `where` is what the sentence starts with: a file, a variable, "--set".
status_t settings_assign (settings_t *self, const char *where, const char *key, const char *value,
                          problem_t *problem);

//  By key, as in "gateway/listen". A key that is not in settings.tbl is our mistake: ASSERT.
const char *settings_text (const settings_t *self, const char *key);
int64_t settings_number (const settings_t *self, const char *key);
bool settings_flag (const settings_t *self, const char *key);
const limits_t *settings_limits (const settings_t *self);

//  Of keys with a name that the user chose; row: its key in settings.tbl, with the star.
// settings_name: the index-th name under such a section, by first mention; NULL: there
//  are no more.
const char *settings_name (const settings_t *self, const char *section, size_t index,
                           char name [SETTINGS_NAME_SIZE]);
bool settings_has_named (const settings_t *self, const char *key);  //  the whole key was given
const char *settings_named_text (const settings_t *self, const char *row, const char *name);
int64_t settings_named_number (const settings_t *self, const char *row, const char *name);

//  A configuration file with every key, its sentence and its default, all commented out.
void settings_write_sample (FILE *file);

#endif
