/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one event, one line, one write(2).  A value is first escaped as everywhere in this program (base/escape:
 * printable UTF-8 passes, everything else and the backslash becomes \xx) and capped; then the format quotes it.  In a
 * DN and in a text that was escaped before, the backslash begins an escape and stays: who undoes the quotes of the
 * format has a DN as the tools of LDAP take it.  In
 * logfmt a value stands bare when it consists of printable ASCII without quotation mark, equals sign and backslash;
 * every other one is written as a JSON string, which the common logfmt readers take.  So no value can end its line,
 * or begin another field, and both formats give a reader the same text back.
 *
 * There is no field for octets that are not text: keys, secrets and certificates have no way into the log; a
 * certificate is named by its digest.
 * @source RFC 8259 section 7 (strings), RFC 3339 section 5.6 (times)
 */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "base/fault.h"
#include "base/slice.h"
#include "run/events.h"

enum {
    LOG_VALUE_MAX = 2048, /* octets of a value once it is escaped; where it was cut, it ends in "..." */
    LOG_FIELDS_MAX = 24,  /* in one event; further ones are a programming error and are dropped */
};

enum log_format { LOG_LOGFMT, LOG_JSON };
/* run/log_sink.h says how each of them is written to. */
enum log_target { LOG_TO_FD, LOG_TO_SYSLOG, LOG_TO_FILE };

/* Seconds since 1970-01-01T00:00:00Z. */
typedef int64_t log_clock_fn(void *context);

struct log_settings {
    enum log_target target;
    int fd;           /* LOG_TO_FD: borrowed; never closed */
    const char *path; /* copied.  LOG_TO_FILE: required; LOG_TO_SYSLOG: the socket, NULL for /dev/log */
    enum log_format format;
    enum severity least;  /* events that are less severe are dropped */
    const char *instance; /* copied */
    log_clock_fn *clock;  /* required */
    void *clock_context;
};

struct log;

/*
 * RC_OK: *log is the caller's, to be closed with log_close.  RC_INVALID: what the settings name can't be a log,
 * RC_FAULT: something else is in the way; *fault says which, for the administrator, and *log is NULL.  Where SIGPIPE
 * and SIGXFSZ still have their default actions they are ignored from here on, because neither a reader that went away
 * nor a file that must not grow may end the program.  For one thread.
 */
enum rc log_open_to(const struct log_settings *settings, struct log **log, struct fault *fault) MUST_USE;
/* The same for LOG_TO_FD, which can't fail: never NULL (no memory ends the process). */
struct log *log_open(const struct log_settings *settings);
void log_close(struct log *log); /* NULL is fine; a borrowed descriptor stays open */
/*
 * Other settings from the next line on, and the same file opened anew; lines that were lost are still told of.  When
 * what they name can't be opened nothing changes: the log goes on where and as it was, a fault event in it says why,
 * and the results are those of log_open_to.
 */
enum rc log_move(struct log *log, const struct log_settings *settings, struct fault *fault) MUST_USE;
/* log_move with the settings that are in force: for a file that was renamed, as logrotate(8) does. */
enum rc log_reopen(struct log *log, struct fault *fault) MUST_USE;
/* The system's clock, for log_settings.clock. */
int64_t log_system_clock(void *context);

enum log_kind { LOG_TEXT, LOG_ESCAPED, LOG_INT, LOG_UINT, LOG_TIME };

/* Made by the functions below; what it points to is borrowed until log_event returns. */
struct log_field {
    const char *key; /* one of the event's row */
    enum log_kind kind;
    struct slice text;
    int64_t number;
    uint64_t count;
};

static inline struct log_field log_slice(const char *key, struct slice text)
{
    return (struct log_field){.key = key, .kind = LOG_TEXT, .text = text};
}

/* A DN, or a text whose foreign parts are escaped already: see escape_rest. */
static inline struct log_field log_escaped(const char *key, struct slice text)
{
    return (struct log_field){.key = key, .kind = LOG_ESCAPED, .text = text};
}

static inline struct log_field log_dn(const char *key, struct slice dn)
{
    return log_escaped(key, dn);
}

/* text may be NULL: an empty value. */
static inline struct log_field log_text(const char *key, const char *text)
{
    return log_slice(key, slice_of(text));
}

static inline struct log_field log_int(const char *key, int64_t number)
{
    return (struct log_field){.key = key, .kind = LOG_INT, .number = number};
}

static inline struct log_field log_uint(const char *key, uint64_t count)
{
    return (struct log_field){.key = key, .kind = LOG_UINT, .count = count};
}

/* Told as 2006-01-02T15:04:05Z. */
static inline struct log_field log_time(const char *key, int64_t at_utc)
{
    return (struct log_field){.key = key, .kind = LOG_TIME, .number = at_utc};
}

/* True when an event of that severity would be written: ask before costly preparation. */
bool log_wants(const struct log *log, enum severity severity);
/*
 * Writes one line.  A write that fails loses the line and nothing else: lost lines are counted, and when writing works
 * again a log-lost event says how many they were.
 */
void log_event(struct log *log, enum event event, const struct log_field *fields, size_t count);
/* The same with another severity than the catalogue's: a finding has that of its check. */
void log_event_as(struct log *log, enum event event, enum severity severity, const struct log_field *fields,
                  size_t count);
/* log_event with the fields in place: LOG_EVENT(log, EVENT_PAUSE, log_dn("dn", dn)) */
#define LOG_EVENT(log, event, ...)                                                                                     \
    log_event((log), (event), (const struct log_field[]){__VA_ARGS__},                                                 \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/* Called before each line is written, whoever writes it; NULL: nobody is.  The context is borrowed until then. */
void log_set_before(struct log *log, void (*before)(void *context), void *context);

/* Lines lost and not yet told. */
size_t log_lost(const struct log *log);

#endif
