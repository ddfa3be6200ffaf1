#include <inttypes.h>
#include <string.h>

#include "daemon/settings.h"
#include "daemon/settings_named.h"
#include "daemon/settings_table.h"

typedef struct {
    const char *name, *text;
} section_t;

static const section_t sections [] = {
#define SECTION(name, text) {name, text},
#include "daemon/settings.tbl"
};

static const char head [] =
    "#   Tocsin's configuration, read by tocsin-broker, tocsin-gateway, tocsin-worker and tocsin up;\n"
    "#   each takes its part. What stands here are the defaults: to change one, take its # away.\n"
    "#\n"
    "#   Every key can also be set in the environment, as in TOCSIN_GATEWAY_LISTEN=127.0.0.1:8889,\n"
    "#   which is stronger than this file, and by --set gateway/listen=127.0.0.1:8889, which is\n"
    "#   stronger still. To check it: tocsin-gateway --config FILE --check\n";

//  A key with a name of the user's, under an example of one: worker/exec/NAME/command.
static void
settings_write_named (FILE *file, const setting_t *row)
{
    const char *section = strchr (row->key, '/') + 1;
    const char *name = strchr (row->key, '*') + 2;
    int size = (int)strcspn (section, "/");
    if (strcmp (name, "command") == 0)
        fprintf (file, "\n    # %.*s\n    #     NAME\n", size, section);
    fprintf (file, "    #         #   %s\n", row->text);
    fprintf (file, "    #         %s = %s%s%s\n", name, row->type == SETTING_TEXT ? "\"" : "",
             row->standard, row->type == SETTING_TEXT ? "\"" : "");
}

static void
settings_write_row (FILE *file, const setting_t *row)
{
    const char *name = strchr (row->key, '/') + 1;
    if (named_is_row (row->key)) {
        settings_write_named (file, row);
        return;
    }
    fprintf (file, "\n    #   %s", row->text);
    if (row->type == SETTING_NUMBER)
        fprintf (file, " (%" PRId64 " to %" PRId64 ")", row->least, row->most);
    if (row->type == SETTING_TEXT)
        fprintf (file, "\n    # %s = \"%s\"\n", name, row->standard);
    else
        fprintf (file, "\n    # %s = %s\n", name, row->standard);
}

void
settings_write_sample (FILE *file)
{
    fputs (head, file);
    for (size_t i = 0; i < sizeof sections / sizeof sections [0]; i++) {
        fprintf (file, "\n#   %s\n%s\n", sections [i].text, sections [i].name);
        size_t size = strlen (sections [i].name);
        for (size_t j = 0; j < settings_count; j++)
            if (strncmp (settings_table [j].key, sections [i].name, size) == 0 &&
                settings_table [j].key [size] == '/')
                settings_write_row (file, &settings_table [j]);
    }
}
