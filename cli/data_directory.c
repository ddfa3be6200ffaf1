#include "cli/data_directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

char *
data_directory_file (const char *path, const char *name)
{
    char *file = NULL;
    int size = asprintf (&file, "%s/%s", path, name);
    ASSERT (size >= 0, "asprintf fails only without memory");
    return file;
}

char *
data_directory_default (problem_t *problem)
{
    const char *state = getenv ("XDG_STATE_HOME");
    if (state && *state == '/')
        return data_directory_file (state, "tocsin");
    const char *home = getenv ("HOME");
    if (home && *home == '/')
        return data_directory_file (home, ".local/state/tocsin");
    problem_set (problem, STATUS_SYSTEM,
                 "neither XDG_STATE_HOME nor HOME is set: say where with --data");
    return NULL;
}

char *
data_directory_absolute (const char *path)
{
    char *here = *path == '/' ? NULL : getcwd (NULL, 0);
    char *absolute = here ? data_directory_file (here, path) : allocate_copy (path);
    free (here);
    return absolute;
}

static status_t
data_directory_make_one (const char *path, problem_t *problem)
{
    struct stat found;
    if (mkdir (path, 0700) == 0)
        return STATUS_OK;
    if (errno == EEXIST && stat (path, &found) == 0 && S_ISDIR (found.st_mode))
        return STATUS_OK;
    return problem_set (problem, STATUS_SYSTEM,
                        "cannot make the directory %s: %s; choose another with --data", path,
                        strerror (errno == EEXIST ? ENOTDIR : errno));
}

status_t
data_directory_make (const char *path, problem_t *problem)
{
    char *upper = allocate_copy (path);
    status_t status = STATUS_OK;
    for (char *slash = strchr (upper + 1, '/'); slash && !status; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        status = data_directory_make_one (upper, problem);
        *slash = '/';
    }
    free (upper);
    if (!status)
        status = data_directory_make_one (path, problem);
    if (!status && access (path, W_OK | X_OK) != 0)
        status = problem_set (problem, STATUS_SYSTEM,
                              "cannot write in the directory %s: %s; choose another with --data",
                              path, strerror (errno));
    return status;
}
