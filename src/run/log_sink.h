/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lines of the log go; for run/log alone.  Three ways, and one rule for all of them: what can't be written is
 * the caller's to count, and nothing here ends the program or waits without an end.
 *
 * A descriptor: where it is a stream to the journal, each line begins with its priority.
 *
 * syslog: a datagram for each line, in the form that syslog(3) sends.  The client is our own because syslog(3) says
 * nothing when nobody listens, or when it could not send: its lines are gone and no caller learns of it.  Here they
 * count as lost, and are told of when somebody listens again.  A receiver that doesn't read is waited for once, one
 * second, and then no more until it reads.
 *
 * A file: appended to, made with mode 0640 where it is not there.  A symbolic link in the last place is not followed:
 * whoever may write in the log's folder could otherwise choose what a daemon that runs as root appends to.
 * @source RFC 3164 section 4.1 (priority, time stamp, tag), sd-daemon(3) (priorities), systemd.exec(5)
 * ($JOURNAL_STREAM)
 */
#ifndef RUN_LOG_SINK_H
#define RUN_LOG_SINK_H

#include "base/fault.h"
#include "run/log.h"

#define LOG_SINK_SYSLOG "/dev/log"

enum { LOG_SINK_PREFIX_ROOM = 64 };

struct log_sink {
    enum log_target target;
    int fd;          /* LOG_TO_FD: borrowed; else ours, or -1 while there is none */
    char *path;      /* ours; NULL for LOG_TO_FD */
    bool to_journal; /* a line begins with "<priority>" */
    bool torn;       /* what was written last does not end a line */
    bool overrun;    /* the receiver of datagrams did not read in time */
};

/*
 * RC_OK: *sink is open, or will be as soon as that is possible: a syslog that nobody listens at yet, or a disk too full
 * for a new file, is no reason not to begin.  RC_INVALID: what the settings name can't be a log, RC_FAULT: something
 * else is in the way; *fault says which, and nothing has to be closed.
 */
enum rc log_sink_open(const struct log_settings *settings, struct log_sink *sink, struct fault *fault) MUST_USE;
void log_sink_close(struct log_sink *sink);
/* Tries again what could not be opened; call it before a line is made. */
void log_sink_prepare(struct log_sink *sink);
/* What a line begins with; the octets written into out. */
size_t log_sink_prefix(const struct log_sink *sink, enum severity severity, int64_t now_utc,
                       char out[LOG_SINK_PREFIX_ROOM]);
/* Writes whole lines, each ended by a newline; returns how many octets went out, and keeps `torn`. */
size_t log_sink_write(struct log_sink *sink, const char *lines, size_t n);

#endif
