#include "worker/plugins/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "proto/model/allocate.h"
#include "proto/model/assert.h"
#include "proto/model/json_schema.h"
#include "proto/model/owned_json.h"

#define ROW(name) "worker/plugin/*/" name

enum { ERROR_SIZE = 160 };

typedef const tocsin_plugin_t *entry_t (void);

static status_t __attribute__ ((format (printf, 3, 4)))
refuse (const plugin_t *self, problem_t *problem, const char *format, ...)
{
    char sentence [ERROR_SIZE];
    va_list values;
    va_start (values, format);
    vsnprintf (sentence, sizeof sentence, format, values);
    va_end (values);
    return problem_at (problem, STATUS_BAD_SETTING, "worker/plugin", "worker/plugin/%s: %s",
                       self->name, sentence);
}

//  Whoever may write to it is the worker.
static status_t
check_file (const plugin_t *self, const char *path, problem_t *problem)
{
    struct stat about;
    if (*path != '/')
        return refuse (self, problem, "library: \"%.100s\" is no absolute path", path);
    if (stat (path, &about) != 0)
        return refuse (self, problem, "library: %.100s: %s", path, strerrordesc_np (errno));
    if (about.st_mode & S_IWOTH)
        return refuse (self, problem, "library: %.100s can be written by anybody: chmod o-w", path);
    return STATUS_OK;
}

static status_t
load (plugin_t *self, const char *path, problem_t *problem)
{
    void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return refuse (self, problem, "%s", dlerror ());
    void *symbol = dlsym (library, "tocsin_plugin");
    if (!symbol)
        return refuse (self, problem, "%.100s exports no tocsin_plugin", path);
    entry_t *entry;
    memcpy (&entry, &symbol, sizeof entry);  //  of an object pointer ISO C makes no function
    self->is = entry ();
    if (!self->is || self->is->abi != TOCSIN_PLUGIN_ABI)
        return refuse (
            self, problem,
            "%.60s is for version %u of the interface, this worker for %d: build it anew", path,
            self->is ? self->is->abi : 0, TOCSIN_PLUGIN_ABI);
    if (!self->is->perform)
        return refuse (self, problem, "%.100s performs nothing", path);
    return STATUS_OK;
}

//  That of the parameters, with the name of the action, which only we know.
static status_t
make_schema (plugin_t *self, problem_t *problem)
{
    problem_t why = {0};
    OWNED (json)
    json_t *schema = json_loads (self->is->schema ? self->is->schema : "{\"type\": \"object\"}",
                                 JSON_REJECT_DUPLICATES, NULL);
    if (!schema || json_schema_check (schema, &why))
        return refuse (self, problem, "its schema is none: %s", schema ? why.text : "no JSON");
    json_t *properties = json_object_get (schema, "properties");
    if (!properties) {
        properties = json_object ();
        json_object_set_new (schema, "properties", properties);
    }
    json_object_set_new (properties, "name", json_pack ("{s:[s]}", "enum", self->name));
    self->schema = json_dumps (schema, JSON_COMPACT);
    ASSERT (self->schema, "names of settings are ASCII");
    return STATUS_OK;
}

static status_t
open_plugin (plugin_t *self, const char *settings, problem_t *problem)
{
    char error [ERROR_SIZE / 2] = "";
    if (self->is->open && self->is->open (settings, &self->self, error, sizeof error) != 0) {
        self->is = NULL;
        return refuse (self, problem, "it does not want to be used: %s",
                       *error ? error : "no word");
    }
    log_info ("worker", "the action %s is a plug-in, version %s", self->name,
              self->is->version ? self->is->version : "unknown");
    return STATUS_OK;
}

static status_t
read_one (plugin_t *self, const settings_t *settings, problem_t *problem)
{
    const char *path = settings_named_text (settings, ROW ("library"), self->name);
    self->threads = (size_t)settings_named_number (settings, ROW ("threads"), self->name);
    self->result_bytes = (size_t)settings_limits (settings)->result_bytes;
    status_t status = check_file (self, path, problem);
    if (!status)
        status = load (self, path, problem);
    if (!status)
        status = make_schema (self, problem);
    if (status)
        self->is = NULL;  //  not open: nothing is to be closed
    return status ? status
                  : open_plugin (self, settings_named_text (settings, ROW ("settings"), self->name),
                                 problem);
}

status_t
plugins_read (plugins_t *self, const settings_t *settings, problem_t *problem)
{
    static const char *const ours [] = {"webhook", "exec", "counter", "kinto", "balrog"};
    char name [SETTINGS_NAME_SIZE];
    while (settings_name (settings, "worker/plugin", self->count, name)) {
        plugin_t *plugin = &self->list [self->count];
        if (self->count == PLUGINS)
            return problem_at (problem, STATUS_BAD_SETTING, "worker/plugin",
                               "worker/plugin: more than %d plug-ins are too many", PLUGINS);
        *plugin = (plugin_t){0};
        memcpy (plugin->name, name, sizeof name);
        self->count++;
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (strcmp (ours [k], name) == 0)
                return refuse (plugin, problem, "an action of this name is there already");
        status_t status = read_one (plugin, settings, problem);
        if (status)
            return status;
    }
    return STATUS_OK;
}

void
plugins_clear (plugins_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        plugin_t *plugin = &self->list [i];
        if (plugin->is && plugin->is->close)
            plugin->is->close (plugin->self);
        free (plugin->schema);
    }
    self->count = 0;
}
