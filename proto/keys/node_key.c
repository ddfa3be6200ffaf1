#include "proto/keys/node_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/model/assert.h"

enum { FILE_BYTES = 4096, KEY_BYTES = 32 };  //  of a file at most; of a key before it is a text

//  ---- Roles and doors

static const struct {
    const char *word;
    bool opens [DOORS];
} roles [] = {
#define NODE_ROLE(name, word, front, back, feed, text) {word, {front, back, feed}},
#include "proto/keys/node_role.tbl"
};

static const char *const doors [DOORS] = {"front", "back", "feed"};

const char *
node_role_word (node_role_t role)
{
    return roles [role].word;
}

bool
node_role_from_word (const char *word, node_role_t *role)
{
    for (int i = 0; i < NODE_ROLES; i++)
        if (strcmp (roles [i].word, word) == 0) {
            *role = (node_role_t)i;
            return true;
        }
    return false;
}

bool
node_role_opens (node_role_t role, door_t door)
{
    return roles [role].opens [door];
}

const char *
door_word (door_t door)
{
    return doors [door];
}

bool
door_from_word (const char *word, size_t size, door_t *door)
{
    for (int i = 0; i < DOORS; i++)
        if (strlen (doors [i]) == size && memcmp (doors [i], word, size) == 0) {
            *door = (door_t)i;
            return true;
        }
    return false;
}

//  ---- Making

static bool
is_name (const char *name)
{
    size_t size =
        strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size > 0 && size < NODE_NAME_SIZE && !name [size] && name [0] != '.';
}

status_t
node_key_make (const char *name, node_role_t role, node_key_t *key, problem_t *problem)
{
    if (!is_name (name))
        return problem_set (
            problem, STATUS_BAD_PARAMETER,
            "\"%.80s\" is no name for a node: 1 to %d of A-Z a-z 0-9 . _ - that start with no dot",
            name, NODE_NAME_SIZE - 1);
    *key = (node_key_t){.role = role};
    memcpy (key->name, name, strlen (name) + 1);
    int code = zmq_curve_keypair (key->public_key, key->secret_key);
    return code == 0 ? STATUS_OK
                     : problem_set (problem, STATUS_SYSTEM,
                                    "no keys can be made: libzmq was built without CURVE");
}

static status_t
write_all (int file, const char *path, const char *text, problem_t *problem)
{
    size_t size = strlen (text);
    ssize_t written = write (file, text, size);
    if (written == (ssize_t)size && fsync (file) == 0)
        return STATUS_OK;
    return problem_set (problem, STATUS_SYSTEM, "%s: %s", path,
                        written < 0 || written == (ssize_t)size ? strerror (errno)
                                                                : "the disk is full");
}

static status_t
write_file (const char *path, mode_t mode, const char *text, problem_t *problem)
{
    int file = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0 && errno == EEXIST)
        return problem_set (
            problem, STATUS_SYSTEM,
            "%s is there already, and a key is never overwritten: choose another name, or remove it",
            path);
    if (file < 0)
        return problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
    status_t status = write_all (file, path, text, problem);
    close (file);
    if (status)
        unlink (path);
    return status;
}

static void
path_of (char path [PATH_MAX], const char *directory, const node_key_t *key, const char *ending)
{
    snprintf (path, PATH_MAX, "%s/%s.%s", directory, key->name, ending);
}

status_t
node_key_write (const node_key_t *key, const char *directory, problem_t *problem)
{
    char path [PATH_MAX], secret_path [PATH_MAX], text [FILE_BYTES];
    const char *role = node_role_word (key->role);
    path_of (secret_path, directory, key, "secret");
    snprintf (
        text, sizeof text,
        "#   The secret key of %s: keys/own of that node. It leaves the node in no other way.\n"
        "name = \"%s\"\nrole = \"%s\"\npublic-key = \"%s\"\nsecret-key = \"%s\"\n",
        key->name, key->name, role, key->public_key, key->secret_key);
    status_t status = write_file (secret_path, 0600, text, problem);
    if (status)
        return status;
    path_of (path, directory, key, "public");
    snprintf (text, sizeof text,
              "#   The public key of %s. %s\nname = \"%s\"\nrole = \"%s\"\npublic-key = \"%s\"\n",
              key->name,
              key->role == NODE_BROKER ? "To keys/brokers of all that connect to it."
                                       : "To the directory keys/allowed of the broker.",
              key->name, role, key->public_key);
    status = write_file (path, 0644, text, problem);
    if (status)
        unlink (secret_path);
    return status;
}

//  ---- Reading

static status_t
check_secret_mode (int file, const char *path, problem_t *problem)
{
    struct stat info;
    if (fstat (file, &info) != 0)
        return problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s can be read by others, and it is a secret: chmod 600 %s", path,
                            path);
    return STATUS_OK;
}

static status_t
read_text (const char *path, bool is_secret, char text [FILE_BYTES], problem_t *problem)
{
    int file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  //  a FIFO must not hold us
    if (file < 0)
        return problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
    status_t status = is_secret ? check_secret_mode (file, path, problem) : STATUS_OK;
    if (status == STATUS_OK) {
        ssize_t size = read (file, text, FILE_BYTES - 1);
        if (size < 0)
            status = problem_set (problem, STATUS_SYSTEM, "%s: %s", path, strerror (errno));
        else
            text [size] = 0;
    }
    close (file);
    return status;
}

//  The value of a line `word = "value"`, into a place of so many bytes. false: the line is another.
static bool
take_value (const char *line, const char *word, char *value, size_t size)
{
    size_t length = strlen (word);
    if (strncmp (line, word, length) != 0)
        return false;
    line += length;
    line += strspn (line, " \t");
    if (*line++ != '=')
        return false;
    line += strspn (line, " \t");
    if (*line++ != '"')
        return false;
    length = strcspn (line, "\"");
    if (line [length] != '"' || length >= size)
        return false;
    memcpy (value, line, length);
    value [length] = 0;
    return true;
}

static bool
is_key (const char *text)
{
    uint8_t bytes [KEY_BYTES];
    return strlen (text) == KEY_TEXT_SIZE - 1 && zmq_z85_decode (bytes, text);
}

//  What stands in a file, as far as it is well formed.
static void
take_lines (char *text, node_key_t *key, char role [NODE_NAME_SIZE])
{
    char *rest = text, *line;
    while ((line = strsep (&rest, "\r\n"))) {
        bool is_taken = take_value (line, "name", key->name, sizeof key->name) ||
                        take_value (line, "role", role, NODE_NAME_SIZE) ||
                        take_value (line, "public-key", key->public_key, KEY_TEXT_SIZE) ||
                        take_value (line, "secret-key", key->secret_key, KEY_TEXT_SIZE);
        (void)is_taken;  //  what a newer version adds is passed over
    }
}

static status_t
node_key_read (const char *path, bool is_secret, node_key_t *key, problem_t *problem)
{
    char text [FILE_BYTES], role [NODE_NAME_SIZE] = "";
    status_t status = read_text (path, is_secret, text, problem);
    if (status)
        return status;
    node_key_t found = {0};
    take_lines (text, &found, role);
    if (!is_name (found.name) || !node_role_from_word (role, &found.role) ||
        !is_key (found.public_key))
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s is no file of keys: it needs name, role (broker, gateway, worker, "
                            "client) and public-key, as `tocsin keygen` writes them",
                            path);
    *key = found;
    return STATUS_OK;
}

status_t
node_key_read_secret (const char *path, node_key_t *key, problem_t *problem)
{
    node_key_t found;
    char derived [KEY_TEXT_SIZE];
    status_t status = node_key_read (path, true, &found, problem);
    if (status)
        return status;
    if (!is_key (found.secret_key))
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s has no secret-key: a node's own key is its file NAME.secret", path);
    if (zmq_curve_public (derived, found.secret_key) != 0 ||
        strcmp (derived, found.public_key) != 0)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s: its two keys do not belong together: make new ones", path);
    *key = found;
    return STATUS_OK;
}

status_t
node_key_read_public (const char *path, node_key_t *key, problem_t *problem)
{
    node_key_t found;
    status_t status = node_key_read (path, false, &found, problem);
    if (status)
        return status;
    if (found.secret_key [0])
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s holds a secret, which belongs on its node alone: copy %s.public "
                            "here instead, and make a new key if others could read it",
                            path, found.name);
    *key = found;
    return STATUS_OK;
}
