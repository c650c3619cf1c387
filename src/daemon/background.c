/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/background.h"

#include "base/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UMASK = 027, PID_MODE = 0644, PID_ROOM = 24 };

static void point_at_nothing(int fd)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0)
        return;
    dup2(nothing, fd);
    if (nothing != fd)
        close(nothing);
}

/* The daemon's word, or 1 when it ended without one. */
static int wait_for_word(int fd)
{
    unsigned char code = 1;
    ssize_t n;
    do
        n = read(fd, &code, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? code : 1;
}

enum rc background_enter(struct background *b, enum background_side *side, int *code, struct fault *fault)
{
    int ends[2];
    *b = (struct background){.fd = -1};
    *side = BACKGROUND_DAEMON;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_set(fault, RC_FAULT, "can't go into the background: %s", strerror(errno));
    fflush(NULL);
    pid_t first = fork();
    if (first < 0) {
        close(ends[0]);
        close(ends[1]);
        return fault_set(fault, RC_FAULT, "can't go into the background: %s", strerror(errno));
    }
    if (first > 0) {
        close(ends[1]);
        *code = wait_for_word(ends[0]);
        *side = BACKGROUND_STARTER;
        close(ends[0]);
        return RC_OK;
    }
    close(ends[0]);
    setsid();
    pid_t second = fork(); /* no leader of a session: a terminal that is opened by chance does not become ours */
    if (second != 0)
        _exit(second < 0);
    umask(UMASK);
    if (chdir("/") != 0)
        return fault_set(fault, RC_FAULT, "can't change to /: %s", strerror(errno));
    point_at_nothing(STDIN_FILENO);
    point_at_nothing(STDOUT_FILENO);
    b->fd = ends[1];
    return RC_OK;
}

void background_begun(struct background *b, int code, bool keep_stderr)
{
    if (b->fd < 0)
        return;
    const unsigned char word = (unsigned char)code;
    if (!keep_stderr)
        point_at_nothing(STDERR_FILENO);
    while (write(b->fd, &word, 1) < 0 && errno == EINTR) {
    }
    close(b->fd);
    b->fd = -1;
}

/* The process id in the file; 0: none. */
static long read_pid(const char *path)
{
    char text[PID_ROOM] = "";
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* The name of a process's program, as the kernel has it; empty: there is no such process. */
static void read_name(long pid, char out[PID_ROOM])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, out, PID_ROOM - 1);
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
}

/* A number left by a dead daemon may be another program's by now. */
static bool is_one_of_us(long pid)
{
    char own[PID_ROOM], its[PID_ROOM];
    if (pid <= 0 || pid == (long)getpid())
        return false;
    read_name((long)getpid(), own);
    read_name(pid, its);
    return *own && strcmp(own, its) == 0;
}

enum rc background_write_pid(const char *path, struct fault *fault)
{
    char text[PID_ROOM];
    long other = read_pid(path);
    if (is_one_of_us(other))
        return fault_set(fault, RC_EXISTS,
                         "%s: dircertd is running already as process %ld; end that one, or give each a pid_file of "
                         "its own",
                         path, other);
    snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return wholefile_write(path, slice_of(text), PID_MODE, fault);
}

void background_remove_pid(const char *path)
{
    if (read_pid(path) == (long)getpid())
        unlink(path);
}
