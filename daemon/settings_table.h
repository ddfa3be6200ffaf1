/*  settings_table – the rows of settings.tbl and limits.tbl as one array, for settings' own files. */
#ifndef SETTINGS_TABLE_H
#define SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { SETTING_TEXT, SETTING_NUMBER, SETTING_FLAG } setting_type_t;

typedef struct {
    const char *key;       //  "gateway/listen"
    setting_type_t type;   //
    const char *standard;  //  its default
    int64_t least, most;   //  of a NUMBER; of a TEXT, in bytes
    const char *text;      //  what it is
    bool is_limit;         //  of limits.tbl: also kept in a limits_t
} setting_t;

extern const setting_t settings_table [];
extern const size_t settings_count;

//  The index of a key in the table, by its row also one that has a name for its *; settings_count when there is none.
size_t settings_find (const char *key);

#endif
