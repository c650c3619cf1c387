/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include "base/escape.h"
#include "base/gentime.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TEXT_MOST = 2048, GAP = 2 };

struct table table_make(struct arena *a, const struct column *columns, size_t column_count)
{
    return (struct table){.arena = a, .columns = columns, .column_count = column_count};
}

struct cell *table_row(struct table *t)
{
    struct cell *cells = ARENA_ARRAY(t->arena, t->column_count, struct cell);
    for (size_t i = 0; i < t->column_count; i++)
        cells[i].kind = CELL_NONE;
    *LIST_ADD(t->arena, &t->rows) = cells;
    return cells;
}

void table_sort(struct table *t, int (*order)(const void *a, const void *b))
{
    if (t->rows.count)
        qsort(t->rows.items, t->rows.count, sizeof *t->rows.items, order);
}

/* Words for people. */

struct slice time_text(struct arena *a, int64_t at_utc)
{
    char t[GENTIME_LEN + 1] = {0};
    gentime_write(at_utc, (uint8_t *)t);
    return arena_format(a, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", t, t + 4, t + 6, t + 8, t + 10, t + 12);
}

struct slice age_text(struct arena *a, int64_t from_utc, int64_t now_utc)
{
    static const struct {
        int64_t below_s, unit_s;
        const char *name;
    } units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INT64_MAX, 86400, "d"}};
    int64_t s = now_utc > from_utc ? now_utc - from_utc : from_utc - now_utc;
    size_t i = 0;
    while (s >= units[i].below_s)
        i++;
    return arena_format(a, "%s%" PRId64 " %s", now_utc < from_utc ? "in " : "", s / units[i].unit_s, units[i].name);
}

static unsigned width_of(uint32_t c)
{
    if ((c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x20d0 && c <= 0x20ff) ||
        (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f))
        return 0;
    bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
    return wide ? 2 : 1;
}

size_t table_width(struct slice s)
{
    size_t width = 0;
    for (uint32_t code = 0; s.n;) {
        size_t n = utf8_read(s, &code);
        width += n ? width_of(code) : 1;
        s = slice_from(s, n ? n : 1);
    }
    return width;
}

/* Colours: the eight that every terminal has (ECMA-48 section 8.3.117, SGR). */

static const char *const colors[] = {[TONE_PLAIN] = "",    [TONE_DIM] = "2",      [TONE_GOOD] = "32",
                                     [TONE_NOTICE] = "36", [TONE_WARNING] = "33", [TONE_BAD] = "1;31"};

void tone_begin(const struct ctl *ctl, enum tone tone)
{
    if (ctl->color && tone != TONE_PLAIN)
        fprintf(ctl->out, "\033[%sm", colors[tone]);
}

void tone_end(const struct ctl *ctl, enum tone tone)
{
    if (ctl->color && tone != TONE_PLAIN)
        fputs("\033[0m", ctl->out);
}

enum tone tone_of_severity(enum severity s)
{
    switch (s) {
    case SEVERITY_ERR:
        return TONE_BAD;
    case SEVERITY_WARNING:
        return TONE_WARNING;
    case SEVERITY_NOTICE:
        return TONE_NOTICE;
    case SEVERITY_INFO:
    case SEVERITY_DEBUG:
        break;
    }
    return TONE_PLAIN;
}

enum tone tone_of_state(enum state s)
{
    static const enum tone tones[STATE_COUNT] = {
        [STATE_PROPOSED] = TONE_DIM,   [STATE_PENDING] = TONE_WARNING,  [STATE_APPROVED] = TONE_NOTICE,
        [STATE_REJECTED] = TONE_DIM,   [STATE_SUBMITTED] = TONE_NOTICE, [STATE_FAILED] = TONE_BAD,
        [STATE_FULFILLED] = TONE_GOOD, [STATE_WITHDRAWN] = TONE_DIM,    [STATE_HELD] = TONE_WARNING,
    };
    return tones[s];
}

/* The table. */

static struct slice list_text(struct arena *a, const struct cell *c)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < c->item_count; i++) {
        struct slice one = escape_text(a, c->items[i], TEXT_MOST);
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), i ? ", " : "", SLICE_ARGS(one));
    }
    return all;
}

static struct slice cell_shown(struct arena *a, const struct cell *c)
{
    struct slice s = c->shown;
    if (s.n)
        return escape_text(a, s, TEXT_MOST);
    switch (c->kind) {
    case CELL_TEXT:
        s = c->escaped ? escape_rest(a, c->text, TEXT_MOST) : escape_text(a, c->text, TEXT_MOST);
        break;
    case CELL_NONE:
        break;
    case CELL_NUMBER:
        return arena_format(a, "%" PRIu64, c->number);
    case CELL_LIST:
        s = list_text(a, c);
        break;
    case CELL_TIME:
        return time_text(a, c->at_utc);
    case CELL_BOOL:
        s = slice_of(c->number ? "yes" : "");
        break;
    }
    return s.n ? s : SLICE_LITERAL("-");
}

static void print_cell(const struct ctl *ctl, struct slice text, enum tone tone, size_t width, bool right, bool last)
{
    size_t own = table_width(text), pad = width > own ? width - own : 0;
    fprintf(ctl->out, "%*s", right ? (int)pad : 0, "");
    tone_begin(ctl, tone);
    fwrite(text.p, 1, text.n, ctl->out);
    tone_end(ctl, tone);
    fprintf(ctl->out, "%*s", last ? 0 : (int)(right ? GAP : pad + GAP), "");
}

struct layout {
    size_t *widths;
    bool *right;       /* the column holds numbers only */
    size_t last;       /* the last column that is shown */
    struct slice *all; /* texts, row by row */
};

static struct layout lay_out(const struct table *t, bool header)
{
    size_t n = t->column_count;
    struct layout l = {.widths = ARENA_ARRAY(t->arena, n, size_t),
                       .right = ARENA_ARRAY(t->arena, n, bool),
                       .all = ARENA_ARRAY(t->arena, n * t->rows.count, struct slice)};
    for (size_t c = 0; c < n; c++) {
        if (t->columns[c].use == COLUMN_JSON_ONLY)
            continue;
        l.last = c;
        bool numbers = false, others = false;
        l.widths[c] = header ? table_width(slice_of(t->columns[c].title)) : 0;
        for (size_t r = 0; r < t->rows.count; r++) {
            const struct cell *cell = &t->rows.items[r][c];
            struct slice text = l.all[r * n + c] = cell_shown(t->arena, cell);
            numbers |= cell->kind == CELL_NUMBER;
            others |= cell->kind != CELL_NUMBER && cell->kind != CELL_NONE;
            if (table_width(text) > l.widths[c])
                l.widths[c] = table_width(text);
        }
        l.right[c] = numbers && !others;
    }
    return l;
}

void table_print_text(const struct ctl *ctl, const struct table *t, bool header, unsigned indent)
{
    size_t n = t->column_count;
    struct layout l = lay_out(t, header);
    for (size_t r = 0; r < t->rows.count + header; r++) {
        fprintf(ctl->out, "%*s", (int)indent, "");
        for (size_t c = 0; c < n; c++) {
            if (t->columns[c].use == COLUMN_JSON_ONLY)
                continue;
            bool title = header && r == 0;
            struct slice text = title ? slice_of(t->columns[c].title) : l.all[(r - header) * n + c];
            enum tone tone = title ? TONE_DIM : t->rows.items[r - header][c].tone;
            print_cell(ctl, text, tone, l.widths[c], l.right[c], c == l.last);
        }
        fputc('\n', ctl->out);
    }
}

/* JSON. */

static void write_cell(struct json *j, const char *key, const struct cell *c)
{
    switch (c->kind) {
    case CELL_TEXT:
        (c->escaped ? json_escaped : json_text)(j, key, c->text);
        break;
    case CELL_NONE:
        json_null(j, key);
        break;
    case CELL_NUMBER:
        json_number(j, key, c->number);
        break;
    case CELL_LIST:
        json_texts(j, key, c->items, c->item_count);
        break;
    case CELL_TIME:
        json_time(j, key, c->at_utc);
        break;
    case CELL_BOOL:
        json_bool(j, key, c->number != 0);
        break;
    }
}

void table_write_json(const struct table *t, struct json *j, const char *key)
{
    json_array(j, key);
    for (size_t r = 0; r < t->rows.count; r++) {
        json_object(j, NULL);
        for (size_t c = 0; c < t->column_count; c++)
            if (t->columns[c].use != COLUMN_TABLE_ONLY)
                write_cell(j, t->columns[c].key, &t->rows.items[r][c]);
        json_object_end(j);
    }
    json_array_end(j);
}

void table_print(const struct ctl *ctl, const struct table *t, const char *nothing)
{
    if (ctl->json) {
        struct json j = json_open(ctl->out);
        table_write_json(t, &j, NULL);
        json_close(&j);
    } else if (t->rows.count) {
        table_print_text(ctl, t, true, 0);
    } else if (nothing) {
        fprintf(ctl->out, "%s\n", nothing);
    }
}
