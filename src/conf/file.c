/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct place whole_file = {0, 0};

static const char *kind_name(mode_t mode)
{
    return S_ISDIR(mode)                    ? "a directory"
           : S_ISFIFO(mode)                 ? "a FIFO"
           : S_ISSOCK(mode)                 ? "a socket"
           : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                            : "something else";
}

static bool too_large(struct arena *a, struct conf_problems *problems)
{
    conf_problem_add(a, problems, whole_file, NULL, "expected at most %d octets, found more", (int)FILE_OCTETS_MAX);
    return false;
}

static bool unreadable(struct arena *a, struct conf_problems *problems, int error)
{
    conf_problem_add(a, problems, whole_file, NULL, "can't be read: %s", strerror(error));
    return false;
}

static bool is_fit(int fd, struct arena *a, struct conf_problems *problems)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return unreadable(a, problems, errno);
    if (!S_ISREG(st.st_mode)) {
        conf_problem_add(a, problems, whole_file, NULL, "expected a file, found %s", kind_name(st.st_mode));
        return false;
    }
    return st.st_size <= FILE_OCTETS_MAX || too_large(a, problems);
}

/* The size that fstat told may be old by now: what is read decides. */
static bool read_all(int fd, struct arena *a, struct slice *text, struct conf_problems *problems)
{
    uint8_t *p = arena_alloc(a, FILE_OCTETS_MAX + 1);
    size_t n = 0;
    while (n <= FILE_OCTETS_MAX) {
        ssize_t got = read(fd, p + n, FILE_OCTETS_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return unreadable(a, problems, errno);
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *text = slice_make(p, n);
    return n <= FILE_OCTETS_MAX || too_large(a, problems);
}

bool file_read(const char *path, struct arena *a, struct slice *text, struct conf_problems *problems)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return unreadable(a, problems, errno);
    bool ok = is_fit(fd, a, problems) && read_all(fd, a, text, problems);
    close(fd);
    return ok;
}
