/* SPDX-License-Identifier: Apache-2.0 */
#include "run/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/gentime.h"
#include "run/log_sink.h"

enum {
    KEY_ROOM = 64,
    TIME_ROOM = 20,
    /* Each octet of an escaped value at most doubles in quotes; then key, quotes, comma, colon. */
    FIELD_ROOM = 2 * LOG_VALUE_MAX + KEY_ROOM + 8,
    /* A log-lost event may come before the event itself, each with its leading fields. */
    LINES_ROOM = (LOG_FIELDS_MAX + 16) * FIELD_ROOM,
};

struct log {
    struct log_settings settings;
    struct log_sink sink;
    char *instance, *path; /* what settings.instance and settings.path point to */
    size_t lost;
    int64_t lost_since_utc;
    void (*before)(void *context); /* NULL: nobody wants to know */
    void *before_context;
    size_t told; /* with so many octets of the text written, the log-lost line is out */
    bool first;  /* no field of this line is written yet */
    size_t used;
    char text[LINES_ROOM];
};

static void put(struct log *log, const void *p, size_t n)
{
    if (n > sizeof log->text - log->used) {
        assert(!"LINES_ROOM holds every line");
        return;
    }
    memcpy(log->text + log->used, p, n);
    log->used += n;
}

static void put_text(struct log *log, const char *text)
{
    put(log, text, strlen(text));
}

/* Nothing but the two octets that end or extend a JSON string is left to care for once text is escaped. */
static void put_quoted(struct log *log, struct slice printable)
{
    put(log, "\"", 1);
    for (size_t i = 0; i < printable.n; i++) {
        if (printable.p[i] == '"' || printable.p[i] == '\\')
            put(log, "\\", 1);
        put(log, printable.p + i, 1);
    }
    put(log, "\"", 1);
}

static bool stands_bare(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
            return false;
    return s.n > 0;
}

static void put_key(struct log *log, const char *key)
{
    bool json = log->settings.format == LOG_JSON;
    if (!log->first)
        put_text(log, json ? "," : " ");
    log->first = false;
    if (json)
        put_quoted(log, slice_of(key));
    else
        put_text(log, key);
    put_text(log, json ? ":" : "=");
}

static void put_printable(struct log *log, struct slice printable)
{
    if (log->settings.format == LOG_LOGFMT && stands_bare(printable))
        put(log, printable.p, printable.n);
    else
        put_quoted(log, printable);
}

static void put_foreign(struct log *log, struct slice text)
{
    uint8_t escaped[LOG_VALUE_MAX];
    put_printable(log, slice_make(escaped, escape_write(text, "", escaped, sizeof escaped)));
}

static void put_escaped(struct log *log, struct slice text)
{
    uint8_t escaped[LOG_VALUE_MAX];
    put_printable(log, slice_make(escaped, escape_rest_write(text, escaped, sizeof escaped)));
}

/* @source RFC 3339 section 5.6 */
static void put_time(struct log *log, int64_t at_utc)
{
    uint8_t t[GENTIME_LEN];
    gentime_write(at_utc, t);
    char text[TIME_ROOM + 1];
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", (const char *)t, (const char *)t + 4,
             (const char *)t + 6, (const char *)t + 8, (const char *)t + 10, (const char *)t + 12);
    put_printable(log, slice_of(text));
}

static void put_field(struct log *log, const struct log_field *f)
{
    char number[32];
    put_key(log, f->key);
    switch (f->kind) {
    case LOG_TEXT:
        put_foreign(log, f->text);
        break;
    case LOG_ESCAPED:
        put_escaped(log, f->text);
        break;
    case LOG_INT:
        snprintf(number, sizeof number, "%" PRId64, f->number);
        put_text(log, number);
        break;
    case LOG_UINT:
        snprintf(number, sizeof number, "%" PRIu64, f->count);
        put_text(log, number);
        break;
    case LOG_TIME:
        put_time(log, f->number);
        break;
    }
}

static bool is_new_key(const struct log_field *fields, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(fields[i].key, fields[j].key) == 0)
            return false;
    return true;
}

/* In a debug build a key that the catalogue does not give this event ends the program; in a release it is printed. */
static void check_field(enum event event, const struct log_field *fields, size_t i)
{
    assert(event_carries(event, fields[i].key));
    assert(is_new_key(fields, i));
    (void)event;
    (void)fields;
    (void)i;
    (void)is_new_key;
}

static void put_line(struct log *log, int64_t now_utc, enum event event, enum severity severity,
                     const struct log_field *fields, size_t count)
{
    bool json = log->settings.format == LOG_JSON;
    char prefix[LOG_SINK_PREFIX_ROOM];
    put(log, prefix, log_sink_prefix(&log->sink, severity, now_utc, prefix));
    log->first = true;
    if (json)
        put_text(log, "{");
    put_field(log, &(struct log_field){.key = "time", .kind = LOG_TIME, .number = now_utc});
    put_field(log, &(struct log_field){.key = "instance", .text = slice_of(log->settings.instance)});
    put_field(log, &(struct log_field){.key = "event", .text = slice_of(event_row(event)->name)});
    put_field(log, &(struct log_field){.key = "severity", .text = slice_of(severity_name(severity))});
    assert(count <= LOG_FIELDS_MAX);
    for (size_t i = 0; i < count && i < LOG_FIELDS_MAX; i++) {
        check_field(event, fields, i);
        put_field(log, &fields[i]);
    }
    put_text(log, json ? "}\n" : "\n");
}

static void put_lost(struct log *log, int64_t now_utc)
{
    const struct log_field fields[] = {log_uint("lines", log->lost), log_time("since", log->lost_since_utc)};
    put_line(log, now_utc, EVENT_LOG_LOST, event_row(EVENT_LOG_LOST)->severity, fields, 2);
    log->told = log->used;
}

static void settle(struct log *log, size_t done, int64_t now_utc)
{
    if (done >= log->told)
        log->lost = 0;
    if (done < log->used && log->lost++ == 0)
        log->lost_since_utc = now_utc;
}

bool log_wants(const struct log *log, enum severity severity)
{
    return severity <= log->settings.least;
}

void log_event_as(struct log *log, enum event event, enum severity severity, const struct log_field *fields,
                  size_t count)
{
    if (!log_wants(log, severity))
        return;
    int kept = errno;
    if (log->before)
        log->before(log->before_context);
    int64_t now_utc = log->settings.clock(log->settings.clock_context);
    log->used = 0;
    log->told = 0;
    log_sink_prepare(&log->sink);
    if (log->sink.torn)
        put_text(log, "\n");
    if (log->lost)
        put_lost(log, now_utc);
    put_line(log, now_utc, event, severity, fields, count);
    settle(log, log_sink_write(&log->sink, log->text, log->used), now_utc);
    errno = kept;
}

void log_event(struct log *log, enum event event, const struct log_field *fields, size_t count)
{
    log_event_as(log, event, event_row(event)->severity, fields, count);
}

void log_set_before(struct log *log, void (*before)(void *context), void *context)
{
    log->before = before;
    log->before_context = context;
}

size_t log_lost(const struct log *log)
{
    return log->lost;
}

int64_t log_system_clock(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static void ignore(int signal_number)
{
    struct sigaction now;
    if (sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(signal_number, SIG_IGN);
}

/* NULL for NULL. */
static char *copy(const char *text)
{
    size_t room = text ? strlen(text) + 1 : 0;
    char *made = room ? malloc(room) : NULL;
    if (room && !made)
        arena_exhausted(room);
    if (room)
        memcpy(made, text, room);
    return made;
}

/* The sink is the log's from here on; the former one is closed. */
static void take(struct log *log, const struct log_settings *settings, const struct log_sink *sink)
{
    char *instance = copy(settings->instance ? settings->instance : ""), *path = copy(settings->path);
    log_sink_close(&log->sink);
    free(log->instance); /* settings may point to it */
    free(log->path);
    log->settings = *settings;
    log->settings.instance = log->instance = instance;
    log->settings.path = log->path = path;
    log->sink = *sink;
}

enum rc log_open_to(const struct log_settings *settings, struct log **log, struct fault *fault)
{
    struct log_sink sink;
    *log = NULL;
    enum rc rc = log_sink_open(settings, &sink, fault);
    if (rc != RC_OK)
        return rc;
    *log = calloc(1, sizeof **log);
    if (!*log)
        arena_exhausted(sizeof **log);
    take(*log, settings, &sink);
    ignore(SIGPIPE);
    ignore(SIGXFSZ);
    return RC_OK;
}

struct log *log_open(const struct log_settings *settings)
{
    struct log_settings to_fd = *settings;
    struct log *log;
    assert(settings->target == LOG_TO_FD);
    to_fd.target = LOG_TO_FD;
    if (log_open_to(&to_fd, &log, NULL) != RC_OK)
        arena_exhausted(0); /* a descriptor is not opened, so nothing else can fail */
    return log;
}

enum rc log_move(struct log *log, const struct log_settings *settings, struct fault *fault)
{
    struct log_sink sink;
    struct fault own = {{0}};
    enum rc rc = log_sink_open(settings, &sink, &own);
    if (rc == RC_OK) {
        if (sink.target == LOG_TO_FD && log->sink.target == LOG_TO_FD && sink.fd == log->sink.fd)
            sink.torn = log->sink.torn;
        take(log, settings, &sink);
        return RC_OK;
    }
    LOG_EVENT(log, EVENT_FAULT, log_text("what", "open the log"), log_text("detail", own.text));
    return fault_set(fault, rc, "%s", own.text);
}

enum rc log_reopen(struct log *log, struct fault *fault)
{
    const struct log_settings same = log->settings;
    return log_move(log, &same, fault);
}

void log_close(struct log *log)
{
    if (!log)
        return;
    log_sink_close(&log->sink);
    free(log->instance);
    free(log->path);
    free(log);
}
