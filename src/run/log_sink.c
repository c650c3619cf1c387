/* SPDX-License-Identifier: Apache-2.0 */
#include "run/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"

enum {
    FACILITY_DAEMON = 3, /* @source RFC 3164 section 4.1.1 */
    FILE_MODE = 0640,
    PATIENCE_S = 1,
    DATAGRAM_ROOM = 256 * 1024, /* the longest line, so that it can be sent at all */
};

/* ---- a descriptor ---- */

/* @source systemd.exec(5): "device:inode" of what the service manager connected to the journal */
static bool is_journal(int fd)
{
    const char *named = getenv("JOURNAL_STREAM");
    struct stat s;
    char own[64];
    if (!named || fstat(fd, &s) != 0)
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
    return strcmp(named, own) == 0;
}

/* How many octets went out.  A line is one write(2), so that lines of several writers don't mix. */
static size_t write_octets(int fd, const char *p, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t written = write(fd, p + done, n - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        done += (size_t)written;
    }
    return done;
}

/* ---- a file ---- */

/* A run that was cut off, by a full disk or a power failure, may have left half a line at the end. */
static bool ends_inside_a_line(const char *path, const struct stat *file)
{
    struct stat s;
    char last = '\n';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false; /* it may be written and not read: then nobody can tell */
    if (fstat(fd, &s) != 0 || s.st_ino != file->st_ino || s.st_dev != file->st_dev ||
        pread(fd, &last, 1, s.st_size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

/* 0, or an errno; then nothing changed.  Non-blocking, so that a FIFO can't stop the program. */
static int file_open(struct log_sink *sink)
{
    int fd =
        open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, FILE_MODE);
    if (fd < 0)
        return errno;
    struct stat s;
    if (fstat(fd, &s) != 0 || (!S_ISREG(s.st_mode) && !S_ISCHR(s.st_mode))) {
        close(fd);
        return ENXIO;
    }
    sink->fd = fd;
    sink->torn = S_ISREG(s.st_mode) && s.st_size > 0 && ends_inside_a_line(sink->path, &s);
    return 0;
}

static bool is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

static bool is_for_the_administrator(int error)
{
    static const int errors[] = {EACCES, EPERM,  ENOENT, ENOTDIR, EISDIR,     ELOOP,
                                 ENXIO,  ENODEV, EROFS,  EINVAL,  EPROTOTYPE, ENAMETOOLONG};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (error == errors[i])
            return true;
    return false;
}

static enum rc file_refused(const char *path, int error, struct fault *fault)
{
    const char *why = strerror(error);
    if (error == ELOOP)
        why = "it is a symbolic link, which is not followed: name the file itself, or stderr";
    else if (error == ENXIO)
        why = "it is neither a file nor a device";
    return fault_set(fault, is_for_the_administrator(error) ? RC_INVALID : RC_FAULT,
                     "the log file %.400s can't be opened: %s", path, why);
}

/* ---- syslog ---- */

/* 0, or an errno. */
static int syslog_connect(struct log_sink *sink)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int room = DATAGRAM_ROOM;
    size_t n = strlen(sink->path);
    if (n >= sizeof to.sun_path)
        return ENAMETOOLONG;
    memcpy(to.sun_path, sink->path, n);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    /* Best effort: without them a long line may be lost, or one that waits may wait longer. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    sink->fd = fd;
    return 0;
}

static void drop(struct log_sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

/* What nobody listens at, yet or any more, may come: only what can never be a syslog is refused. */
static enum rc syslog_open(struct log_sink *sink, struct fault *fault)
{
    int error = syslog_connect(sink);
    if (error == 0 || error == ENOENT || !is_for_the_administrator(error))
        return RC_OK;
    return fault_set(fault, RC_INVALID, "syslog can't be reached at %.400s: %s", sink->path,
                     error == EPROTOTYPE ? "it is no datagram socket" : strerror(error));
}

static bool send_line(struct log_sink *sink, const char *line, size_t n)
{
    ssize_t sent;
    do
        sent = send(sink->fd, line, n, MSG_NOSIGNAL | (sink->overrun ? MSG_DONTWAIT : 0));
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        sink->overrun = false;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        sink->overrun = true;
    return sent >= 0;
}

/* Whether another try on a new connection could help: the receiver ended, and perhaps began anew. */
static bool is_gone(int error)
{
    return error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN || error == EPIPE || error == EDESTADDRREQ;
}

static bool send_or_reconnect(struct log_sink *sink, const char *line, size_t n)
{
    if (sink->fd < 0)
        return false;
    if (send_line(sink, line, n))
        return true;
    if (!is_gone(errno))
        return false;
    drop(sink);
    return syslog_connect(sink) == 0 && send_line(sink, line, n);
}

/* A datagram is whole or not there, and its end is the line's. */
static size_t write_datagrams(struct log_sink *sink, const char *lines, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const char *end = memchr(lines + done, '\n', n - done);
        size_t line = end ? (size_t)(end - lines) - done : n - done;
        if (!send_or_reconnect(sink, lines + done, line))
            break;
        done += line + (end != NULL);
    }
    return done;
}

/* As syslog(3): local time, English names whatever the locale.  @source RFC 3164 section 4.1.2 */
static size_t syslog_prefix(enum severity severity, int64_t now_utc, char *out, size_t room)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)now_utc;
    struct tm t;
    if (!localtime_r(&now, &t))
        memset(&t, 0, sizeof t);
    int n = snprintf(out, room, "<%u>%s %2d %02d:%02d:%02d dircertd[%ld]: ", FACILITY_DAEMON * 8 + (unsigned)severity,
                     months[t.tm_mon], t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (long)getpid());
    return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* ---- all of them ---- */

static char *copy(const char *text)
{
    size_t room = strlen(text) + 1;
    char *made = malloc(room);
    if (!made)
        arena_exhausted(room);
    memcpy(made, text, room);
    return made;
}

enum rc log_sink_open(const struct log_settings *settings, struct log_sink *sink, struct fault *fault)
{
    enum rc rc = RC_OK;
    int error;
    *sink = (struct log_sink){.target = settings->target, .fd = -1};
    switch (settings->target) {
    case LOG_TO_FD:
        sink->fd = settings->fd;
        sink->to_journal = is_journal(sink->fd);
        break;
    case LOG_TO_SYSLOG:
        sink->path = copy(settings->path ? settings->path : LOG_SINK_SYSLOG);
        rc = syslog_open(sink, fault);
        break;
    case LOG_TO_FILE:
        sink->path = copy(settings->path ? settings->path : "");
        error = file_open(sink);
        if (error && !is_full(error))
            rc = file_refused(sink->path, error, fault);
        break;
    }
    if (rc != RC_OK)
        log_sink_close(sink);
    return rc;
}

void log_sink_close(struct log_sink *sink)
{
    if (sink->target != LOG_TO_FD)
        drop(sink);
    free(sink->path);
    *sink = (struct log_sink){.fd = -1};
}

void log_sink_prepare(struct log_sink *sink)
{
    if (sink->fd >= 0)
        return;
    switch (sink->target) {
    case LOG_TO_FD:
        break;
    case LOG_TO_SYSLOG:
        (void)syslog_connect(sink); /* until it works the lines count as lost */
        break;
    case LOG_TO_FILE:
        (void)file_open(sink);
        break;
    }
}

size_t log_sink_prefix(const struct log_sink *sink, enum severity severity, int64_t now_utc,
                       char out[LOG_SINK_PREFIX_ROOM])
{
    if (sink->target == LOG_TO_SYSLOG)
        return syslog_prefix(severity, now_utc, out, LOG_SINK_PREFIX_ROOM);
    if (sink->to_journal)
        return (size_t)snprintf(out, LOG_SINK_PREFIX_ROOM, "<%u>", (unsigned)severity);
    return 0;
}

size_t log_sink_write(struct log_sink *sink, const char *lines, size_t n)
{
    if (sink->target == LOG_TO_SYSLOG)
        return write_datagrams(sink, lines, n);
    size_t done = sink->fd >= 0 ? write_octets(sink->fd, lines, n) : 0;
    if (done)
        sink->torn = lines[done - 1] != '\n';
    return done;
}
