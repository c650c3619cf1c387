/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* "<folder>/.<name>.XXXXXX.tmp"; *folder is the length of "<folder>/". */
static bool name_beside(const char *path, char out[PATH_MAX], int *folder)
{
    const char *slash = strrchr(path, '/');
    *folder = slash ? (int)(slash - path) + 1 : 0;
    const char *name = path + *folder;
    int n = snprintf(out, PATH_MAX, "%.*s.%s.XXXXXX.tmp", *folder, path, name);
    return *name && n > 0 && n < PATH_MAX;
}

static bool write_all(int fd, struct slice text)
{
    while (text.n) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = slice_from(text, (size_t)n);
    }
    return true;
}

enum rc wholefile_write(const char *path, struct slice text, unsigned mode, struct fault *fault)
{
    char beside[PATH_MAX];
    struct stat there;
    int folder;
    /* Whoever is root would put a file in the place of /dev/full, for everybody. */
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
        return fault_set(fault, RC_FAULT,
                         "%.300s can't be written: that is no file; what stood there before still stands", path);
    if (!name_beside(path, beside, &folder))
        return fault_set(fault, RC_FAULT, "\"%.200s\" can't be written: that is no name of a file", path);
    int fd = mkostemps(beside, 4, O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return fault_set(fault, RC_NOT_FOUND,
                         "%.300s can't be written: the folder %.*s is not there; make it, or name another", path,
                         folder > 200 ? 200 : folder, path);
    if (fd < 0)
        return fault_set(fault, RC_FAULT, "%.300s can't be written: in its folder no file can be made: %s", path,
                         strerror(errno));
    int failed = write_all(fd, text) && fchmod(fd, (mode_t)mode) == 0 ? 0 : errno;
    /* Some file systems say only here that there is no room. */
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed && rename(beside, path) == 0)
        return RC_OK;
    failed = failed ? failed : errno;
    unlink(beside);
    return fault_set(fault, RC_FAULT, "%.300s can't be written: %s; what stood there before still stands", path,
                     strerror(failed));
}
