#include "broker/admin_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker/credentials.h"
#include "daemon/log.h"

static const char sqlite_scheme [] = "sqlite://";
static const char file_name [] = "admin.token";

void
admin_token_folder (const char *store_url, char folder [PATH_MAX])
{
    *folder = 0;
    if (strncmp (store_url, sqlite_scheme, sizeof sqlite_scheme - 1) != 0)
        return;
    const char *path = store_url + sizeof sqlite_scheme - 1;
    const char *slash = strrchr (path, '/');
    if (!slash)
        snprintf (folder, PATH_MAX, ".");
    else
        snprintf (folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static bool
find_path (const settings_t *settings, char path [PATH_MAX])
{
    const char *given = settings_text (settings, "broker/admin_token_file");
    char folder [PATH_MAX];
    admin_token_folder (settings_text (settings, "store/url"), folder);
    int size = -1;
    if (*given)
        size = snprintf (path, PATH_MAX, "%s", given);
    else if (*folder)
        size = snprintf (path, PATH_MAX, "%s/%s", folder, file_name);
    return size >= 0 && size < PATH_MAX;
}

static status_t
file_problem (problem_t *problem, const char *path)
{
    return problem_set (
        problem, STATUS_SYSTEM,
        "%.120s: the admin token cannot be written there (%s): make it writable, or "
        "set broker/admin_token_file",
        path, strerror (errno));
}

static bool
sync_folder (const char *path)
{
    char folder [PATH_MAX];
    snprintf (folder, sizeof folder, "%s", path);
    char *slash = strrchr (folder, '/');
    if (slash)
        slash [slash == folder] = 0;
    else
        snprintf (folder, sizeof folder, ".");
    int descriptor = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool is_synced = fsync (descriptor) == 0;
    close (descriptor);
    return is_synced;
}

//  A new file takes the place of an old one in one step, and is on disk when this returns.
static status_t
write_file (const char *path, const char *text, problem_t *problem)
{
    char fresh [PATH_MAX + 8];
    snprintf (fresh, sizeof fresh, "%s.new", path);
    unlink (fresh);
    int descriptor = open (fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return file_problem (problem, path);
    bool is_written = dprintf (descriptor, "%s\n", text) > 0 && fsync (descriptor) == 0;
    is_written = close (descriptor) == 0 && is_written;
    if (is_written && rename (fresh, path) == 0 && sync_folder (path))
        return STATUS_OK;
    status_t status = file_problem (problem, path);
    unlink (fresh);
    return status;
}

static status_t
store_token (store_t *store, const credential_t *made, problem_t *problem)
{
    token_t token = {.id = made->id,
                     .hash = made->hash,
                     .name = "the first start",
                     .scopes = "admin",
                     .created_ms = (int64_t)time (NULL) * 1000};
    batch_t batch = {.tokens = &token, .token_count = 1};
    return store->ops->commit (store, &batch, NULL, problem);
}

status_t
admin_token_ensure (store_t *store, const settings_t *settings, problem_t *problem)
{
    token_t *tokens = NULL;
    size_t count = 0;
    status_t status = store->ops->list_tokens (store, &tokens, &count, problem);
    if (status != STATUS_OK)
        return status;
    token_array_free (tokens, count);
    if (count > 0)
        return STATUS_OK;

    char path [PATH_MAX];
    if (!find_path (settings, path)) {
        log_warning ("broker",
                     "no admin token was made, since this store has no folder for it: set "
                     "broker/admin_token_file");
        return STATUS_OK;
    }
    credential_t made;
    credential_make (&made);
    status = write_file (path, made.text, problem);
    if (status == STATUS_OK)
        status = store_token (store, &made, problem);
    if (status == STATUS_OK)
        log_notice ("broker", "a new store: its admin token is in %s", path);
    return status;
}
