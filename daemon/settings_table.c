#include "daemon/settings_table.h"

#include <string.h>

#include "daemon/settings_named.h"
#include "proto/model/limits.h"

//  A number of limits.tbl as text. In two steps, so that a macro is expanded before it is quoted.
#define TEXT_OF(number) #number

// clang-format off
const setting_t settings_table [] = {
#define SETTING(key, type, standard, least, most, text) \
    {key, SETTING_##type, standard, least, most, text, false},
#include "daemon/settings.tbl"
#define LIMIT(name, standard, unit, most, status, text) \
    {"limits/" #name, SETTING_NUMBER, TEXT_OF (standard), 1, most, unit ": " text, true},
#include "proto/model/limits.tbl"
};
// clang-format on

const size_t settings_count = sizeof settings_table / sizeof settings_table [0];

size_t
settings_find (const char *key)
{
    size_t i = 0;
    while (i < settings_count && strcmp (settings_table [i].key, key) != 0 &&
           !named_fits (key, settings_table [i].key))
        i++;
    return i;
}
