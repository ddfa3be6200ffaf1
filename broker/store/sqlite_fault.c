#include "broker/store/sqlite_fault.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/store/store_scene.h"
#include "proto/model/allocate.h"

enum { SECTOR_BYTES = 512, FILES_MOST = 8, PATH_BYTES = 128 };

typedef struct {
    uint8_t *bytes;
    size_t size;
} image_t;

//  What stood somewhere in a file before it was overwritten.
typedef struct overwritten {
    size_t at;
    image_t before;
    struct overwritten *earlier;
} overwritten_t;

//  What is known of the file of one path.
typedef struct {
    char path [PATH_BYTES];
    overwritten_t *unsynced;   //  since its last sync, the newest first
    image_t cut_new, cut_old;  //  as it was, and as it was synced, when the power went
} disk_file_t;

typedef struct {
    sqlite3_file base;
    disk_file_t *disk;
    sqlite3_file *real;  //  behind this struct
} fault_file_t;

static sqlite3_vfs *real_vfs;
static disk_file_t disk [FILES_MOST];
static int calls_left;  //  until the fault; 0: none is to come
static fault_t kind;
static bool has_struck;

void
fault_arm (fault_t fault, int nth)
{
    kind = fault;
    calls_left = nth;
    has_struck = false;
}

bool
fault_is_past (void)
{
    return has_struck;
}

bool
fault_has_struck (void)
{
    calls_left = 0;
    return has_struck;
}

static sqlite3_file *
real_of (sqlite3_file *file)
{
    return ((fault_file_t *)file)->real;
}

static void
forget_unsynced (disk_file_t *file)
{
    while (file->unsynced) {
        overwritten_t *one = file->unsynced;
        file->unsynced = one->earlier;
        free (one->before.bytes);
        free (one);
    }
}

//  Only while a power cut is to come. What was beyond the end of the file reads as zeros.
static void
remember (sqlite3_file *file, size_t at, size_t size)
{
    if (kind != FAULT_POWER || calls_left == 0 || size == 0)
        return;
    disk_file_t *known = ((fault_file_t *)file)->disk;
    overwritten_t *one = ALLOCATE (overwritten_t);
    *one = (overwritten_t){.at = at,
                           .before = {.bytes = allocate (size, 1), .size = size},
                           .earlier = known->unsynced};
    sqlite3_file *real = real_of (file);
    real->pMethods->xRead (real, one->before.bytes, (int)size, (sqlite3_int64)at);
    known->unsynced = one;
}

//  By its path, as SQLite itself may not be asked in the middle of a call.
static image_t
image_of_file (const char *path)
{
    image_t image = {0};
    FILE *file = fopen (path, "rb");
    if (!file)
        return image;
    fseek (file, 0, SEEK_END);
    image.size = (size_t)ftell (file);
    image.bytes = allocate (image.size + 1, 1);
    rewind (file);
    image.size = fread (image.bytes, 1, image.size, file);
    fclose (file);
    return image;
}

static void
keep_remains (void)
{
    for (int i = 0; i < FILES_MOST; i++) {
        disk_file_t *file = &disk [i];
        image_t now = image_of_file (file->path);
        file->cut_new = now;
        file->cut_old = (image_t){allocate_bytes (now.bytes, now.size), now.size};
        for (overwritten_t *one = file->unsynced; one; one = one->earlier)
            for (size_t k = 0; k < one->before.size && one->at + k < now.size; k++)
                file->cut_old.bytes [one->at + k] = one->before.bytes [k];
    }
}

//  The code of this changing call: SQLITE_OK if it is to be done.
static int
strike (int failure)
{
    if (calls_left == 0 || --calls_left > 0)
        return SQLITE_OK;
    has_struck = true;
    if (kind == FAULT_POWER)
        keep_remains ();
    if (kind == FAULT_FULL)
        return failure == SQLITE_IOERR_FSYNC ? SQLITE_OK : SQLITE_FULL;
    return kind == FAULT_FAILS ? failure : SQLITE_OK;
}

static int
write_bytes (sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    int code = strike (SQLITE_IOERR_WRITE);
    sqlite3_file *real = real_of (file);
    if (code == SQLITE_OK) {
        remember (file, (size_t)offset, (size_t)size);
        return real->pMethods->xWrite (real, bytes, size, offset);
    }
    //  A disk that fills up takes some of it first.
    real->pMethods->xWrite (real, bytes, size / 2, offset);
    return code;
}

static int
sync_file (sqlite3_file *file, int flags)
{
    int code = strike (SQLITE_IOERR_FSYNC);
    if (code != SQLITE_OK)
        return code;
    forget_unsynced (((fault_file_t *)file)->disk);
    (void)flags;  //  a sync of the real disk would prove nothing here, and takes long
    return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of (file)->pMethods->xFileSize (real_of (file), size);
}

static int
truncate_file (sqlite3_file *file, sqlite3_int64 size)
{
    int code = strike (SQLITE_IOERR_TRUNCATE);
    sqlite3_int64 before = 0;
    if (code == SQLITE_OK)
        code = file_size (file, &before);
    if (code != SQLITE_OK)
        return code;
    if (before > size)
        remember (file, (size_t)size, (size_t)(before - size));
    return real_of (file)->pMethods->xTruncate (real_of (file), size);
}

static int
close_file (sqlite3_file *file)
{
    return real_of (file)->pMethods->xClose (real_of (file));
}

static int
read_bytes (sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    return real_of (file)->pMethods->xRead (real_of (file), bytes, size, offset);
}

static int
lock_file (sqlite3_file *file, int level)
{
    return real_of (file)->pMethods->xLock (real_of (file), level);
}

static int
unlock_file (sqlite3_file *file, int level)
{
    return real_of (file)->pMethods->xUnlock (real_of (file), level);
}

static int
check_lock (sqlite3_file *file, int *is_reserved)
{
    return real_of (file)->pMethods->xCheckReservedLock (real_of (file), is_reserved);
}

static int
control (sqlite3_file *file, int operation, void *argument)
{
    return real_of (file)->pMethods->xFileControl (real_of (file), operation, argument);
}

static int
sector_size (sqlite3_file *file)
{
    return real_of (file)->pMethods->xSectorSize (real_of (file));
}

static int
characteristics (sqlite3_file *file)
{
    return real_of (file)->pMethods->xDeviceCharacteristics (real_of (file));
}

static int
shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return real_of (file)->pMethods->xShmMap (real_of (file), page, size, extend, memory);
}

static int
shm_lock (sqlite3_file *file, int offset, int count, int flags)
{
    return real_of (file)->pMethods->xShmLock (real_of (file), offset, count, flags);
}

static void
shm_barrier (sqlite3_file *file)
{
    real_of (file)->pMethods->xShmBarrier (real_of (file));
}

static int
shm_unmap (sqlite3_file *file, int is_to_be_deleted)
{
    return real_of (file)->pMethods->xShmUnmap (real_of (file), is_to_be_deleted);
}

static const sqlite3_io_methods methods = {
    2,         close_file,  read_bytes, write_bytes, truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control,     sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,  NULL,        NULL};

static disk_file_t *
disk_file_of (const char *path)
{
    for (int i = 0; i < FILES_MOST; i++) {
        if (!*disk [i].path)
            snprintf (disk [i].path, PATH_BYTES, "%s", path);
        if (strcmp (disk [i].path, path) == 0)
            return &disk [i];
    }
    fail_msg ("more than %d files: forget some", FILES_MOST);
    return NULL;
}

static int
open_file (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
    (void)vfs;
    fault_file_t *self = (fault_file_t *)file;
    *self = (fault_file_t){.real = (sqlite3_file *)(self + 1)};
    if (path)
        self->disk = disk_file_of (path);
    int code = real_vfs->xOpen (real_vfs, path, self->real, flags, flags_out);
    if (code == SQLITE_OK)
        self->base.pMethods = &methods;
    return code;
}

static int
delete_file (sqlite3_vfs *vfs, const char *path, int is_synced)
{
    (void)vfs;
    int code = strike (SQLITE_IOERR_DELETE);
    return code == SQLITE_OK ? real_vfs->xDelete (real_vfs, path, is_synced) : code;
}

void
fault_install (void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find (NULL);
    vfs = *real_vfs;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof (fault_file_t) + real_vfs->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    sqlite3_vfs_register (&vfs, 1);
}

void
fault_forget (void)
{
    for (int i = 0; i < FILES_MOST; i++) {
        forget_unsynced (&disk [i]);
        free (disk [i].cut_new.bytes);
        free (disk [i].cut_old.bytes);
        disk [i] = (disk_file_t){0};
    }
}

void
fault_remains (const char *path, const char *to, uint64_t *seed)
{
    const disk_file_t *file = disk_file_of (path);
    const image_t *new = &file->cut_new, *old = &file->cut_old;
    if (new->size == 0 && old->size == 0)
        return;
    FILE *out = fopen (to, "wb");
    assert_non_null (out);
    size_t size = new->size > old->size ? new->size : old->size;
    for (size_t at = 0; at < size; at += SECTOR_BYTES) {
        const image_t *from = scene_random (seed) % 2 ? new : old;
        uint8_t sector [SECTOR_BYTES] = {0};
        size_t there = at < from->size ? from->size - at : 0;
        if (there)
            memcpy (sector, from->bytes + at, there < SECTOR_BYTES ? there : SECTOR_BYTES);
        fwrite (sector, 1, SECTOR_BYTES, out);
    }
    fclose (out);
}
