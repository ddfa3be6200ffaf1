/*  settings_named – keys with a name that the user chose: worker/exec/NAME/command.
 *
 *  In settings.tbl the name is a *. For settings' own files; others ask settings_name and
 *  settings_named_….
 */
#ifndef SETTINGS_NAMED_H
#define SETTINGS_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTING_NAME_BYTES = 32 };  //  of such a name, at most

//  One value that was given. Its row in settings.tbl has the default.
typedef struct named {
    char *key;       //  ours, whole: "worker/exec/build/command"
    size_t row;      //  in settings_table
    char *value;     //  ours
    int64_t number;  //  of those that are numbers or flags
    struct named *next;
} named_t;

bool named_is_row (const char *key);  //  of settings.tbl: it has a *
//  Whether a key is one of a row, with a name for its *.
bool named_fits (const char *key, const char *row_key);
//  Whether a key is such a row's section: "worker/exec/build".
bool named_is_section (const char *key, const char *row_key);
named_t *named_find (named_t *list, const char *key);
void named_keep (named_t **list_p, const char *key, size_t row, const char *value, int64_t number);
void named_destroy (named_t **list_p);

#endif
