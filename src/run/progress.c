/* SPDX-License-Identifier: Apache-2.0 */
#include "run/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24, LINE_MOST = 160, COLUMNS = 80 };

const struct progress_pace progress_everyday_pace = {
    .show_after_ms = 500, .show_every_ms = 100, .log_after_ms = 10000, .log_every_ms = 30000};

int64_t progress_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Looked at for each entry: exact to some milliseconds, and much cheaper. */
static int64_t coarse_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct progress_meter progress_begin(struct log *log, const struct progress_pace *pace, bool show)
{
    struct progress_meter m = {.log = log, .pace = pace ? pace : &progress_everyday_pace};
    m.on_terminal = show && isatty(STDERR_FILENO);
    m.begun_ms = progress_clock_ms();
    int64_t at_ms = coarse_clock_ms(); /* it lags behind the other */
    m.show_next_ms = at_ms + m.pace->show_after_ms;
    m.log_next_ms = at_ms + m.pace->log_after_ms;
    return m;
}

static uint64_t rate_of(const struct progress_meter *m, const struct progress *now, int64_t at_ms)
{
    int64_t lasted_ms = at_ms - m->begun_ms;
    return lasted_ms > 0 ? (uint64_t)now->entries * 1000 / (uint64_t)lasted_ms : 0;
}

static unsigned columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

/* "[######                  ]  25 %  ", where it is known how many there were last time. */
static int put_bar(char *text, size_t room, size_t entries, size_t expected)
{
    char bar[BAR + 1];
    size_t done = entries < expected ? entries : expected;
    memset(bar, ' ', BAR);
    memset(bar, '#', done * BAR / expected);
    bar[BAR] = 0;
    return snprintf(text, room, "[%s] %3zu %%  ", bar, done * 100 / expected);
}

static void put(const char *text, size_t n)
{
    if (write(STDERR_FILENO, text, n) < 0)
        return; /* a terminal that went away sees nothing */
}

/* Blanks and no control sequence but the return of the carriage: every terminal knows that. */
static void draw(struct progress_meter *m, const struct progress *now, int64_t at_ms)
{
    char text[LINE_MOST + 1];
    int n = m->expected ? put_bar(text, sizeof text, now->entries, m->expected) : 0;
    n += snprintf(text + n, sizeof text - (size_t)n, "%zu entries, %llu/s, %zu findings", now->entries,
                  (unsigned long long)rate_of(m, now, at_ms), now->findings);
    unsigned width = columns() - 1, length = (unsigned)n < width ? (unsigned)n : width;
    char line[2 * LINE_MOST + 2];
    unsigned blank = m->drawn_columns > length ? m->drawn_columns - length : 0;
    int all = snprintf(line, sizeof line, "\r%.*s%*s", (int)length, text, (int)blank, "");
    put(line, (size_t)all);
    m->drawn_columns = length;
}

void progress_clear(struct progress_meter *m)
{
    char line[LINE_MOST + 3];
    if (m->drawn_columns == 0)
        return;
    put(line, (size_t)snprintf(line, sizeof line, "\r%*s\r", (int)m->drawn_columns, ""));
    m->drawn_columns = 0;
}

void progress_look(struct progress_meter *m, const struct progress *now)
{
    if (!m->pace)
        return;
    int64_t at_ms = coarse_clock_ms();
    if (at_ms >= m->log_next_ms) {
        progress_clear(m);
        m->log_next_ms = at_ms + m->pace->log_every_ms;
        LOG_EVENT(m->log, EVENT_PROGRESS, log_uint("entries", now->entries), log_uint("rate", rate_of(m, now, at_ms)),
                  log_uint("findings", now->findings), log_int("duration_ms", progress_clock_ms() - m->begun_ms));
    }
    if (m->on_terminal && at_ms >= m->show_next_ms) {
        m->show_next_ms = at_ms + m->pace->show_every_ms;
        draw(m, now, at_ms);
    }
}
