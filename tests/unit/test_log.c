/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: golden lines in both formats, values that try to forge, write failures, and the catalogue itself.  Lines
 * are read back by readers of this file's own, which share no code with the writer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/escape.h"
#include "run/log.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { TEXT_ROOM = 1024 * 1024, PAIRS_MAX = 64, PAIR_ROOM = 5000 };

static const int64_t now_utc = 1767323045; /* 2026-01-02T03:04:05Z */

static int64_t steady(void *context)
{
    return context ? *(const int64_t *)context : now_utc;
}

static const enum log_format formats[] = {LOG_LOGFMT, LOG_JSON};

struct capture {
    int fd;
    struct log *log;
    char *text; /* what was written, after capture_read */
    size_t n;
};

static struct capture capture_start(enum log_format format, enum severity least)
{
    struct capture c = {.fd = memfd_create("log", 0), .text = calloc(1, TEXT_ROOM)};
    assert_true(c.fd >= 0 && c.text);
    const struct log_settings s = {.fd = c.fd, .format = format, .least = least, .instance = "one", .clock = steady};
    c.log = log_open(&s);
    return c;
}

static void capture_read(struct capture *c)
{
    ssize_t n = pread(c->fd, c->text, TEXT_ROOM - 1, 0);
    assert_true(n >= 0);
    c->n = (size_t)n;
    c->text[n] = '\0';
}

static void capture_end(struct capture *c)
{
    log_close(c->log);
    close(c->fd);
    free(c->text);
}

/* ---- a reader of lines: pairs of key and value ---- */

struct pairs {
    size_t count;
    struct {
        char key[PAIR_ROOM], value[PAIR_ROOM];
        size_t value_n;
        bool quoted;
    } items[PAIRS_MAX];
};

struct input {
    const unsigned char *p, *end;
};

static int peek(const struct input *in)
{
    return in->p < in->end ? *in->p : -1;
}

static bool take(struct input *in, char c)
{
    if (peek(in) != (unsigned char)c)
        return false;
    in->p++;
    return true;
}

/* RFC 8259 section 7, strictly: no control characters, known escapes only.  \u is not written, so it is not read. */
static bool read_string(struct input *in, char *out, size_t *n)
{
    *n = 0;
    if (!take(in, '"'))
        return false;
    while (peek(in) >= 0 && peek(in) != '"') {
        int c = *in->p++;
        if (c < 0x20)
            return false;
        if (c == '\\') {
            c = peek(in);
            if (c != '"' && c != '\\')
                return false;
            in->p++;
        }
        assert_true(*n + 1 < PAIR_ROOM);
        out[(*n)++] = (char)c;
    }
    out[*n] = '\0';
    return take(in, '"');
}

/* RFC 8259 section 6, whole numbers. */
static bool read_number(struct input *in, char *out, size_t *n)
{
    *n = 0;
    if (take(in, '-'))
        out[(*n)++] = '-';
    const unsigned char *first = in->p;
    while (peek(in) >= '0' && peek(in) <= '9')
        out[(*n)++] = (char)*in->p++;
    out[*n] = '\0';
    size_t digits = (size_t)(in->p - first);
    return digits > 0 && (digits == 1 || *first != '0');
}

static bool read_json(struct input in, struct pairs *pairs)
{
    pairs->count = 0;
    if (!take(&in, '{'))
        return false;
    do {
        size_t n, i = pairs->count++;
        assert_true(i < PAIRS_MAX);
        if (!read_string(&in, pairs->items[i].key, &n) || strlen(pairs->items[i].key) != n || !take(&in, ':'))
            return false;
        pairs->items[i].quoted = peek(&in) == '"';
        if (!(pairs->items[i].quoted ? read_string : read_number)(&in, pairs->items[i].value, &pairs->items[i].value_n))
            return false;
    } while (take(&in, ','));
    return take(&in, '}') && in.p == in.end;
}

static bool read_bare(struct input *in, char *out, size_t *n)
{
    *n = 0;
    while (peek(in) >= 0 && peek(in) != ' ') {
        int c = *in->p++;
        if (c < 0x21 || c > 0x7e || c == '"' || c == '=' || c == '\\')
            return false;
        assert_true(*n + 1 < PAIR_ROOM);
        out[(*n)++] = (char)c;
    }
    out[*n] = '\0';
    return *n > 0;
}

static bool read_logfmt(struct input in, struct pairs *pairs)
{
    pairs->count = 0;
    do {
        size_t n = 0, i = pairs->count++;
        assert_true(i < PAIRS_MAX);
        while ((peek(&in) >= 'a' && peek(&in) <= 'z') || peek(&in) == '-' || peek(&in) == '_')
            pairs->items[i].key[n++] = (char)*in.p++;
        pairs->items[i].key[n] = '\0';
        if (n == 0 || !take(&in, '='))
            return false;
        pairs->items[i].quoted = peek(&in) == '"';
        if (!(pairs->items[i].quoted ? read_string : read_bare)(&in, pairs->items[i].value, &pairs->items[i].value_n))
            return false;
    } while (take(&in, ' '));
    return in.p == in.end;
}

static bool read_line(enum log_format format, const char *line, size_t n, struct pairs *pairs)
{
    const struct input in = {(const unsigned char *)line, (const unsigned char *)line + n};
    return format == LOG_JSON ? read_json(in, pairs) : read_logfmt(in, pairs);
}

/* RFC 3629, and nothing that moves a cursor, ends a line or turns the direction. */
static bool is_safe_text(struct slice s)
{
    while (s.n) {
        uint32_t c;
        size_t n = utf8_read(s, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
            (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c)
            return false;
        s = slice_from(s, n);
    }
    return true;
}

/* The one line that was written, read back. */
static void read_only_line(struct capture *c, enum log_format format, struct pairs *pairs)
{
    capture_read(c);
    assert_true(c->n > 0 && c->text[c->n - 1] == '\n');
    assert_ptr_equal(memchr(c->text, '\n', c->n), c->text + c->n - 1);
    assert_true(is_safe_text(slice_make(c->text, c->n - 1)));
    assert_true(read_line(format, c->text, c->n - 1, pairs));
}

/* ---- golden lines ---- */

struct golden {
    const char *name;
    enum event event;
    struct log_field fields[4];
    size_t count;
    const char *logfmt, *json; /* what follows the leading fields */
};

#define FIELD_TEXT(k, t)                                                                                               \
    {                                                                                                                  \
        .key = (k), .kind = LOG_TEXT, .text = {(const uint8_t *)(t), sizeof(t) - 1 }                                   \
    }
#define FIELD_INT(k, v)                                                                                                \
    {                                                                                                                  \
        .key = (k), .kind = LOG_INT, .number = (v)                                                                     \
    }
#define FIELD_UINT(k, v)                                                                                               \
    {                                                                                                                  \
        .key = (k), .kind = LOG_UINT, .count = (v)                                                                     \
    }
#define FIELD_TIME(k, v)                                                                                               \
    {                                                                                                                  \
        .key = (k), .kind = LOG_TIME, .number = (v)                                                                    \
    }

static const struct golden goldens[] = {
    {"no field", EVENT_PAUSE, {{0}}, 0, "event=pause severity=warning", "\"event\":\"pause\",\"severity\":\"warning\""},
    {"numbers",
     EVENT_PASS,
     {FIELD_TEXT("policy", "-"), FIELD_UINT("subjects", UINT64_MAX), FIELD_UINT("findings", 0), FIELD_INT("held", -7)},
     4,
     "event=pass severity=info policy=- subjects=18446744073709551615 findings=0 held=-7",
     "\"event\":\"pass\",\"severity\":\"info\",\"policy\":\"-\",\"subjects\":18446744073709551615,\"findings\":0,"
     "\"held\":-7"},
    {"a DN",
     EVENT_FINDING_ENDED,
     {FIELD_TEXT("dn", "uid=a,dc=x"), FIELD_TEXT("check", "cn-mismatch")},
     2,
     "event=finding-ended severity=notice dn=\"uid=a,dc=x\" check=cn-mismatch",
     "\"event\":\"finding-ended\",\"severity\":\"notice\",\"dn\":\"uid=a,dc=x\",\"check\":\"cn-mismatch\""},
    {"a time",
     EVENT_AUTHORITY_NONCOMPLIANT,
     {FIELD_TIME("next", 253402300799), FIELD_INT("attempt", 3)},
     2,
     "event=authority-noncompliant severity=err next=9999-12-31T23:59:59Z attempt=3",
     "\"event\":\"authority-noncompliant\",\"severity\":\"err\",\"next\":\"9999-12-31T23:59:59Z\",\"attempt\":3"},
    {"an empty value",
     EVENT_FAULT,
     {FIELD_TEXT("what", "")},
     1,
     "event=fault severity=err what=\"\"",
     "\"event\":\"fault\",\"severity\":\"err\",\"what\":\"\""},
    {"printable UTF-8",
     EVENT_FAULT,
     {FIELD_TEXT("what", "M\xc3\xbcller")},
     1,
     "event=fault severity=err what=\"M\xc3\xbcller\"",
     "\"event\":\"fault\",\"severity\":\"err\",\"what\":\"M\xc3\xbcller\""},
    {"NUL and newline",
     EVENT_FAULT,
     {FIELD_TEXT("what", "a\0b\nc")},
     1,
     "event=fault severity=err what=\"a\\\\00b\\\\0ac\"",
     "\"event\":\"fault\",\"severity\":\"err\",\"what\":\"a\\\\00b\\\\0ac\""},
    {"a quotation mark and a field",
     EVENT_FAULT,
     {FIELD_TEXT("what", "\" severity=info x=\"y")},
     1,
     "event=fault severity=err what=\"\\\" severity=info x=\\\"y\"",
     "\"event\":\"fault\",\"severity\":\"err\",\"what\":\"\\\" severity=info x=\\\"y\""},
    {"a backslash",
     EVENT_FAULT,
     {FIELD_TEXT("what", "\\")},
     1,
     "event=fault severity=err what=\"\\\\5c\"",
     "\"event\":\"fault\",\"severity\":\"err\",\"what\":\"\\\\5c\""},
};

static void writes_golden_lines(void **state)
{
    const struct golden *g = *state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct arena a = {NULL};
        struct capture c = capture_start(formats[i], SEVERITY_DEBUG);
        log_event(c.log, g->event, g->fields, g->count);
        capture_read(&c);
        struct slice expected =
            formats[i] == LOG_JSON
                ? arena_format(&a, "{\"time\":\"2026-01-02T03:04:05Z\",\"instance\":\"one\",%s}\n", g->json)
                : arena_format(&a, "time=2026-01-02T03:04:05Z instance=one %s\n", g->logfmt);
        assert_string_equal(c.text, (const char *)expected.p);
        capture_end(&c);
        arena_free(&a);
    }
}

/* ---- values that try to forge ---- */

struct hostile {
    const char *name, *value;
    size_t n;
};

#define HOSTILE(name, value)                                                                                           \
    {                                                                                                                  \
        name, value, sizeof(value) - 1                                                                                 \
    }

static const struct hostile hostiles[] = {
    HOSTILE("NUL", "a\0b"),
    HOSTILE("newline and a line", "a\ntime=2026-01-02T03:04:05Z instance=one event=start severity=info"),
    HOSTILE("newline and JSON", "a\"}\n{\"event\":\"start\"}"),
    HOSTILE("carriage return", "a\rb"),
    HOSTILE("ANSI escape", "\x1b[2J\x1b[1;31mred"),
    HOSTILE("C1 control", "a\xc2\x9b"
                          "31m"),
    HOSTILE("quotation mark and a field", "\" x=y"),
    HOSTILE("backslash and quotation mark", "\\\" x=y"),
    HOSTILE("two backslashes and quotation mark", "\\\\\" x=y"),
    HOSTILE("backslash at the end", "a\\"),
    HOSTILE("what looks escaped", "a\\0ab"),
    HOSTILE("blank and a field", "a severity=debug"),
    HOSTILE("no-break space and a field", "a\xc2\xa0"
                                          "event=x"),
    HOSTILE("wide space and a field", "a\xe3\x80\x80"
                                      "event=x"),
    HOSTILE("octets that are not UTF-8", "\xff\xfe\x80"),
    HOSTILE("overlong newline", "\xc0\x8a"),
    HOSTILE("half a character", "a\xe2\x80"),
    HOSTILE("surrogate", "\xed\xa0\x80"),
    HOSTILE("right-to-left override", "a\xe2\x80\xaegpj.exe"),
    HOSTILE("isolate", "a\xe2\x81\xa6"
                       "b"),
    HOSTILE("line separator", "a\xe2\x80\xa8"
                              "event=x"),
    HOSTILE("next line", "a\xc2\x85"
                         "event=x"),
    HOSTILE("byte order mark", "\xef\xbb\xbf"
                               "a"),
    HOSTILE("only blanks", "   "),
    HOSTILE("tabulator", "\t"),
    HOSTILE("DEL", "\x7f"),
    HOSTILE("percent", "%s%n%s"),
    HOSTILE("a DN with escapes", "cn=Doe\\2c John\\, B.,dc=x"),
};

static void expect_read_back(struct slice value)
{
    static struct pairs pairs;
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct arena a = {NULL};
        struct capture c = capture_start(formats[i], SEVERITY_DEBUG);
        const struct log_field fields[] = {log_dn("dn", value), log_slice("check", value), log_uint("policy", 1)};
        log_event(c.log, EVENT_FINDING, fields, COUNT(fields));
        read_only_line(&c, formats[i], &pairs);
        static const char *const keys[] = {"time", "instance", "event", "severity", "dn", "check", "policy"};
        assert_int_equal(pairs.count, COUNT(keys));
        for (size_t k = 0; k < COUNT(keys); k++)
            assert_string_equal(pairs.items[k].key, keys[k]);
        const struct slice told[] = {escape_rest(&a, value, LOG_VALUE_MAX), escape_text(&a, value, LOG_VALUE_MAX)};
        for (size_t k = 0; k < 2; k++)
            assert_true(slice_eq(told[k], slice_make(pairs.items[4 + k].value, pairs.items[4 + k].value_n)));
        assert_string_equal(pairs.items[3].value, "warning");
        assert_string_equal(pairs.items[6].value, "1");
        capture_end(&c);
        arena_free(&a);
    }
}

static void cannot_be_forged(void **state)
{
    const struct hostile *h = *state;
    expect_read_back(slice_make(h->value, h->n));
}

static void takes_every_octet(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t one[] = {(uint8_t)i}, amid[] = {'a', (uint8_t)i, 'b'};
        expect_read_back(slice_make(one, 1));
        expect_read_back(slice_make(amid, 3));
    }
}

static void takes_random_octets(void **state)
{
    (void)state;
    static const char likely[] = "\"\\=\n \0{},:\xc2\x85\xe2\x80\xae";
    uint32_t seed = 2026;
    for (size_t round = 0; round < 2000; round++) {
        uint8_t value[40];
        for (size_t i = 0; i < sizeof value; i++) {
            seed = seed * 1664525 + 1013904223;
            value[i] = seed >> 31 ? (uint8_t)(seed >> 16) : (uint8_t)likely[(seed >> 16) % (sizeof likely - 1)];
        }
        expect_read_back(slice_make(value, round % sizeof value));
    }
}

static void hostile_instance(void **state)
{
    (void)state;
    static struct pairs pairs;
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct capture c = capture_start(formats[i], SEVERITY_DEBUG);
        log_close(c.log);
        const struct log_settings s = {
            .fd = c.fd, .format = formats[i], .least = SEVERITY_DEBUG, .instance = "a\nb \"", .clock = steady};
        c.log = log_open(&s);
        log_event(c.log, EVENT_PAUSE, NULL, 0);
        read_only_line(&c, formats[i], &pairs);
        assert_int_equal(pairs.count, 4);
        assert_string_equal(pairs.items[1].value, "a\\0ab \"");
        capture_end(&c);
    }
}

/* Many fields of the greatest length: all there, each cut with its mark. */
static void caps_long_values(void **state)
{
    (void)state;
    static struct pairs pairs;
    static const char fill[] = {'a', '"', '\n', '\\', '\xff'};
    static char value[100000];
    for (size_t i = 0; i < COUNT(formats); i++)
        for (size_t f = 0; f < sizeof fill; f++) {
            struct capture c = capture_start(formats[i], SEVERITY_DEBUG);
            memset(value, fill[f], sizeof value);
            static const char *const keys[] = {"id", "type",   "from",   "state",  "verb",
                                               "dn", "policy", "checks", "message"};
            struct log_field fields[COUNT(keys)];
            for (size_t k = 0; k < COUNT(keys); k++)
                fields[k] = log_slice(keys[k], slice_make(value, sizeof value));
            log_event(c.log, EVENT_REQUEST, fields, COUNT(keys));
            read_only_line(&c, formats[i], &pairs);
            assert_int_equal(pairs.count, 4 + COUNT(keys));
            for (size_t k = 4; k < pairs.count; k++) {
                size_t n = pairs.items[k].value_n;
                assert_true(n <= LOG_VALUE_MAX && n > LOG_VALUE_MAX - 8);
                assert_memory_equal(pairs.items[k].value + n - 3, "...", 3);
            }
            capture_end(&c);
        }
}

/* The row with the most keys, each of the greatest length, fits one line. */
static void widest_line_fits(void **state)
{
    (void)state;
    static struct pairs pairs;
    static char value[LOG_VALUE_MAX];
    static char keys[LOG_FIELDS_MAX][32];
    memset(value, '"', sizeof value);
    struct log_field fields[LOG_FIELDS_MAX];
    struct slice rest = slice_of(event_row(EVENT_PASS)->fields), key;
    size_t n = 0;
    for (; slice_split(&rest, ' ', &key); n++) {
        snprintf(keys[n], sizeof keys[n], "%.*s", SLICE_ARGS(key));
        fields[n] = log_slice(keys[n], slice_make(value, sizeof value));
    }
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct capture c = capture_start(formats[i], SEVERITY_DEBUG);
        log_event(c.log, EVENT_PASS, fields, n);
        read_only_line(&c, formats[i], &pairs);
        assert_int_equal(pairs.count, 4 + n);
        assert_int_equal(pairs.items[3 + n].value_n, LOG_VALUE_MAX);
        capture_end(&c);
    }
}

/* ---- severities ---- */

static void filters_by_severity(void **state)
{
    (void)state;
    for (unsigned least = SEVERITY_ERR; least <= SEVERITY_DEBUG; least++)
        for (unsigned as = SEVERITY_ERR; as <= SEVERITY_DEBUG; as++) {
            struct capture c = capture_start(LOG_LOGFMT, (enum severity)least);
            log_event_as(c.log, EVENT_FINDING, (enum severity)as, NULL, 0);
            capture_read(&c);
            assert_int_equal(log_wants(c.log, (enum severity)as), as <= least);
            assert_int_equal(c.n > 0, as <= least);
            capture_end(&c);
        }
}

static void finding_has_its_checks_severity(void **state)
{
    (void)state;
    struct capture c = capture_start(LOG_LOGFMT, SEVERITY_DEBUG);
    LOG_EVENT(c.log, EVENT_PAUSE, log_text("dn", NULL));
    log_event_as(c.log, EVENT_FINDING, SEVERITY_ERR, NULL, 0);
    capture_read(&c);
    assert_string_equal(c.text, "time=2026-01-02T03:04:05Z instance=one event=pause severity=warning dn=\"\"\n"
                                "time=2026-01-02T03:04:05Z instance=one event=finding severity=err\n");
    capture_end(&c);
}

/* ---- writing that fails ---- */

static struct log *open_at(int fd, enum log_format format, const int64_t *clock_utc)
{
    const struct log_settings s = {.fd = fd,
                                   .format = format,
                                   .least = SEVERITY_INFO,
                                   .instance = "one",
                                   .clock = steady,
                                   .clock_context = (void *)(uintptr_t)clock_utc};
    return log_open(&s);
}

static void survives_a_closed_pipe(void **state)
{
    (void)state;
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* apart, so that a signal would be seen, whatever this process does with it */
        signal(SIGPIPE, SIG_DFL);
        struct log *log = open_at(ends[1], LOG_LOGFMT, NULL);
        log_event(log, EVENT_PAUSE, NULL, 0);
        log_event(log, EVENT_PAUSE, NULL, 0);
        bool counted = log_lost(log) == 2;
        log_close(log);
        _exit(counted ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(ends[1]);
}

static void tells_lost_lines(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0) {
        print_message("skipped: this system has no /dev/full\n");
        skip();
    }
    int64_t clock_utc = now_utc;
    struct log *log = open_at(fd, LOG_LOGFMT, &clock_utc);
    log_event(log, EVENT_START, NULL, 0);
    clock_utc++;
    log_event(log, EVENT_START, NULL, 0);
    log_event_as(log, EVENT_START, SEVERITY_DEBUG, NULL, 0); /* not wanted, so not lost */
    assert_int_equal(log_lost(log), 2);
    int works = memfd_create("log", 0);
    assert_true(dup2(works, fd) == fd);
    clock_utc++;
    log_event(log, EVENT_PAUSE, NULL, 0);
    log_event(log, EVENT_PAUSE, NULL, 0);
    assert_int_equal(log_lost(log), 0);
    char text[1000] = "";
    assert_true(pread(works, text, sizeof text - 1, 0) > 0);
    assert_string_equal(text, "time=2026-01-02T03:04:07Z instance=one event=log-lost severity=warning lines=2 "
                              "since=2026-01-02T03:04:05Z\n"
                              "time=2026-01-02T03:04:07Z instance=one event=pause severity=warning\n"
                              "time=2026-01-02T03:04:07Z instance=one event=pause severity=warning\n");
    log_close(log);
    close(works);
    close(fd);
}

static size_t drain(int fd, char *text, size_t room)
{
    size_t n = 0;
    for (ssize_t got; (got = read(fd, text + n, room - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    return n;
}

/* A line that was cut in the middle is ended before the next one begins. */
static void ends_a_torn_line(void **state)
{
    (void)state;
    static char text[200000], value[LOG_VALUE_MAX];
    static struct pairs pairs;
    for (size_t f = 0; f < COUNT(formats); f++) {
        int ends[2];
        assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
        assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
        memset(value, '"', sizeof value);
        struct log *log = open_at(ends[1], formats[f], NULL);
        const struct log_field fields[] = {log_slice("dn", slice_make(value, sizeof value)),
                                           log_slice("reason", slice_make(value, sizeof value))};
        log_event(log, EVENT_PROBLEM, fields, COUNT(fields));
        assert_int_equal(log_lost(log), 1);
        size_t n = drain(ends[0], text, sizeof text);
        assert_true(n > 0 && !strchr(text, '\n')); /* it was torn */
        LOG_EVENT(log, EVENT_PAUSE, log_text("dn", "dc=x"));
        n = drain(ends[0], text, sizeof text);
        assert_true(n > 0 && text[0] == '\n');
        const char *lost = text + 1, *end = strchr(lost, '\n');
        assert_non_null(end);
        assert_true(read_line(formats[f], lost, (size_t)(end - lost), &pairs));
        assert_string_equal(pairs.items[2].value, "log-lost");
        assert_string_equal(pairs.items[4].value, "1");
        assert_true(read_line(formats[f], end + 1, n - 1 - (size_t)(end + 1 - text), &pairs));
        assert_string_equal(pairs.items[2].value, "pause");
        log_close(log);
        close(ends[0]);
        close(ends[1]);
    }
}

/* When only the report of lost lines got out, and the line after it did not, that one alone is still to be told. */
static void counts_what_is_lost_after_the_report(void **state)
{
    (void)state;
    static char text[200000], value[LOG_VALUE_MAX];
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    memset(value, '"', sizeof value);
    const struct log_field fields[] = {log_slice("dn", slice_make(value, sizeof value)),
                                       log_slice("reason", slice_make(value, sizeof value))};
    struct log *log = open_at(ends[1], LOG_LOGFMT, NULL);
    log_event(log, EVENT_PROBLEM, fields, COUNT(fields));
    log_event(log, EVENT_PROBLEM, fields, COUNT(fields));
    log_event(log, EVENT_PROBLEM, fields, COUNT(fields));
    assert_int_equal(log_lost(log), 3);
    drain(ends[0], text, sizeof text);
    log_event(log, EVENT_PROBLEM, fields, COUNT(fields));
    drain(ends[0], text, sizeof text);
    assert_non_null(strstr(text, "event=log-lost severity=warning lines=3"));
    assert_int_equal(log_lost(log), 1);
    log_event(log, EVENT_PAUSE, NULL, 0);
    drain(ends[0], text, sizeof text);
    assert_non_null(strstr(text, "event=log-lost severity=warning lines=1"));
    assert_int_equal(log_lost(log), 0);
    log_close(log);
    close(ends[0]);
    close(ends[1]);
}

/* One write(2) for a line: a pipe in packet mode keeps their borders. */
static void writes_a_line_at_once(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
    struct log *log = open_at(ends[1], LOG_LOGFMT, NULL);
    char packet[4096];
    LOG_EVENT(log, EVENT_PASS, log_text("policy", "cn=p,dc=x"), log_uint("subjects", 1),
              log_text("result", "complete"));
    LOG_EVENT(log, EVENT_PAUSE, log_text("dn", "dc=x"));
    for (size_t i = 0; i < 2; i++) {
        ssize_t n = read(ends[0], packet, sizeof packet);
        assert_true(n > 0 && packet[n - 1] == '\n');
        assert_memory_equal(packet, "time=", 5);
    }
    assert_true(read(ends[0], packet, sizeof packet) < 0);
    log_close(log);
    close(ends[0]);
    close(ends[1]);
}

/* ---- the catalogue ---- */

/* A key that the row does not have: the end in a debug build, printed in a release. */
static void holds_keys_to_the_catalogue(void **state)
{
    (void)state;
    struct capture c = capture_start(LOG_LOGFMT, SEVERITY_DEBUG);
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int quiet = open("/dev/null", O_WRONLY);
        dup2(quiet, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        LOG_EVENT(c.log, EVENT_PAUSE, log_text("colour", "red"));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    capture_read(&c);
#ifdef NDEBUG
    assert_true(WIFEXITED(status));
    assert_non_null(strstr(c.text, " colour=red\n"));
#else
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_int_equal(c.n, 0);
#endif
    capture_end(&c);
}

static bool is_name(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz-_") == strlen(s);
}

static bool is_sentence(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n > 4 && s[n - 1] == '.' && s[0] >= 'A' && s[0] <= 'z';
}

static bool is_described(struct slice key)
{
    size_t count;
    const struct event_field *fields = event_fields(&count);
    for (size_t i = 0; i < count; i++)
        if (slice_eq(key, slice_of(fields[i].key)))
            return true;
    return false;
}

static void events_are_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        const struct event_row *row = event_row((enum event)i);
        print_message("%u %s\n", i, row->name ? row->name : "(no row)");
        assert_true(row->name && is_name(row->name));
        assert_true(row->severity >= SEVERITY_ERR && row->severity <= SEVERITY_DEBUG);
        assert_true(is_sentence(row->meaning) && is_sentence(row->advice));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(row->name, event_row((enum event)j)->name);
    }
}

static void event_keys_are_described(void **state)
{
    (void)state;
    static const char *const leading[] = {"time", "instance", "event", "severity"};
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        struct slice rest = slice_of(event_row((enum event)i)->fields), key;
        size_t count = 0;
        for (; slice_split(&rest, ' ', &key); count++) {
            print_message("%s %.*s\n", event_row((enum event)i)->name, SLICE_ARGS(key));
            assert_true(is_described(key));
            for (size_t k = 0; k < COUNT(leading); k++)
                assert_false(slice_eq(key, slice_of(leading[k])));
            struct slice later = rest, other;
            while (slice_split(&later, ' ', &other))
                assert_false(slice_eq(key, other));
        }
        assert_true(count > 0 && count <= LOG_FIELDS_MAX);
    }
}

static void described_keys_are_used(void **state)
{
    (void)state;
    size_t count;
    const struct event_field *fields = event_fields(&count);
    for (size_t i = 0; i < count; i++) {
        bool used = false;
        for (unsigned e = 0; e < EVENT_COUNT; e++)
            used = used || event_carries((enum event)e, fields[i].key);
        print_message("%s\n", fields[i].key);
        assert_true(used && is_name(fields[i].key) && strlen(fields[i].meaning) > 2);
        assert_true(i == 0 || strcmp(fields[i - 1].key, fields[i].key) < 0);
    }
    assert_false(event_carries(EVENT_PAUSE, "d"));
    assert_false(event_carries(EVENT_PAUSE, ""));
}

static void severities_have_names(void **state)
{
    (void)state;
    for (unsigned i = SEVERITY_ERR; i <= SEVERITY_DEBUG; i++) {
        enum severity back;
        assert_true(severity_read(slice_of(severity_name((enum severity)i)), &back));
        assert_int_equal(back, i);
    }
    enum severity none;
    assert_false(severity_read(SLICE_LITERAL("error"), &none));
    assert_false(severity_read(SLICE_LITERAL(""), &none));
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(takes_every_octet),
        cmocka_unit_test(takes_random_octets),
        cmocka_unit_test(hostile_instance),
        cmocka_unit_test(caps_long_values),
        cmocka_unit_test(widest_line_fits),
        cmocka_unit_test(filters_by_severity),
        cmocka_unit_test(finding_has_its_checks_severity),
        cmocka_unit_test(survives_a_closed_pipe),
        cmocka_unit_test(tells_lost_lines),
        cmocka_unit_test(ends_a_torn_line),
        cmocka_unit_test(counts_what_is_lost_after_the_report),
        cmocka_unit_test(writes_a_line_at_once),
        cmocka_unit_test(holds_keys_to_the_catalogue),
        cmocka_unit_test(events_are_whole),
        cmocka_unit_test(event_keys_are_described),
        cmocka_unit_test(described_keys_are_used),
        cmocka_unit_test(severities_have_names),
    };
    struct golden golden_rows[COUNT(goldens)];
    struct hostile hostile_rows[COUNT(hostiles)];
    struct CMUnitTest tests[COUNT(goldens) + COUNT(hostiles) + COUNT(others)];
    size_t n = 0;
    memcpy(golden_rows, goldens, sizeof goldens);
    memcpy(hostile_rows, hostiles, sizeof hostiles);
    for (size_t i = 0; i < COUNT(goldens); i++)
        tests[n++] = (struct CMUnitTest){goldens[i].name, writes_golden_lines, NULL, NULL, &golden_rows[i]};
    for (size_t i = 0; i < COUNT(hostiles); i++)
        tests[n++] = (struct CMUnitTest){hostiles[i].name, cannot_be_forged, NULL, NULL, &hostile_rows[i]};
    memcpy(tests + n, others, sizeof others);
    return _cmocka_run_group_tests("log", tests, COUNT(tests), NULL, NULL);
}
