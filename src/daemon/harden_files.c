/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock by its system calls: the C library has none, and the headers may be older than the kernel.
 * @source landlock(7), linux/landlock.h
 */
#include "daemon/harden_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later versions than the first. */
enum {
    MOVE_ELSEWHERE = 1 << 13, /* 2: REFER */
    TRUNCATE = 1 << 14,       /* 3 */
    DEVICE_CONTROL = 1 << 15, /* 5: IOCTL_DEV */
    BIND_TCP = 1 << 0,        /* 4, of the network */
};

/* As of version 4; an older kernel takes it as long as what it does not know is 0. */
struct rules {
    uint64_t files, network;
};

static const uint64_t everything_but_reading =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

static const uint64_t rights[] = {
    [HARDEN_APPEND] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
    [HARDEN_REPLACE] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    [HARDEN_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

/* The file's folder, or what stands there when that is a device or a pipe; NULL: there is no folder.  To be freed. */
static char *place_of(const char *file)
{
    char folder[PATH_MAX];
    struct stat there;
    if (stat(file, &there) == 0 && !S_ISREG(there.st_mode))
        return realpath(file, NULL);
    const char *slash = strrchr(file, '/');
    if (!slash || (size_t)(slash - file) + 1 >= sizeof folder)
        return NULL;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - file) + 1, file);
    return realpath(folder, NULL);
}

void harden_files_add(struct harden_files *f, const char *file, enum harden_use use)
{
    char *path = file && f->count < HARDEN_PLACES_MOST ? place_of(file) : NULL;
    if (path)
        f->places[f->count++] = (struct harden_place){.path = path, .use = use};
}

static bool allow(int rules, const char *path, uint64_t access)
{
    struct stat there;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return false;
    /* What is no folder has no other right. */
    if (fstat(fd, &there) != 0 || !S_ISDIR(there.st_mode))
        access &= LANDLOCK_ACCESS_FS_WRITE_FILE;
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    bool done = !access || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return done;
}

static bool restrict_to(const struct harden_files *f, long version)
{
    const struct rules rules = {.files = everything_but_reading | (version >= 2 ? MOVE_ELSEWHERE : 0) |
                                         (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? DEVICE_CONTROL : 0),
                                .network = version >= 4 ? BIND_TCP : 0};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    bool done = fd >= 0 && allow(fd, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (size_t i = 0; i < f->count && done; i++)
        done = allow(fd, f->places[i].path, rights[f->places[i].use]);
    done = done && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return done;
}

void harden_files_begin(struct harden_files *f, char text[HARDEN_TEXT_ROOM])
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    f->on = version > 0 && restrict_to(f, version);
    if (f->on)
        snprintf(text, HARDEN_TEXT_ROOM, "on (ABI %ld)", version);
    else if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
        snprintf(text, HARDEN_TEXT_ROOM, "off: %s",
                 errno == ENOSYS ? "not in this kernel" : "not enabled in this kernel");
    else
        snprintf(text, HARDEN_TEXT_ROOM, "off: %s", strerror(errno));
}

static bool is_at_or_below(const char *path, const char *place)
{
    size_t n = strlen(place);
    if (strcmp(place, "/") == 0)
        return true;
    return strncmp(path, place, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool knows(const struct harden_files *f, const char *path, enum harden_use use)
{
    bool known = strcmp(path, "/dev/null") == 0;
    for (size_t i = 0; i < f->count && !known; i++)
        known = (rights[use] & ~rights[f->places[i].use]) == 0 && is_at_or_below(path, f->places[i].path);
    return known;
}

bool harden_files_know(const struct harden_files *f, const char *file, enum harden_use use)
{
    char *path = place_of(file);
    bool known = path && knows(f, path, use);
    free(path);
    return known;
}

/* Without a folder the file can't be written anyway, and whoever tries says that. */
bool harden_files_permit(const struct harden_files *f, const char *file, enum harden_use use)
{
    char *path = f->on && file ? place_of(file) : NULL;
    bool permitted = !path || knows(f, path, use);
    free(path);
    return permitted;
}

void harden_files_free(struct harden_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->places[i].path);
}
