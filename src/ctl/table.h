/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as rows of cells: printed as an aligned table for people, or as an array of JSON objects for programs.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "base/severity.h"
#include "core/request.h"
#include "ctl/ctl.h"
#include "ctl/json.h"

/* What a colour says; without colours nothing is lost. */
enum tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_NOTICE, TONE_WARNING, TONE_BAD };

enum cell_kind {
    CELL_TEXT,   /* empty: "-", in JSON "" */
    CELL_NONE,   /* nothing is known: "-", in JSON null */
    CELL_NUMBER, /* right-aligned */
    CELL_LIST,   /* "a, b", in JSON an array of strings */
    CELL_TIME,   /* "2026-01-31 23:59:59", in JSON as RFC 3339 writes it */
    CELL_BOOL,   /* "yes" or "-" */
};

struct cell {
    enum cell_kind kind;
    enum tone tone;
    struct slice text;         /* CELL_TEXT: foreign octets are welcome, they are escaped when printed */
    bool escaped;              /* its backslashes are escapes already (base/escape.h): they are left alone */
    struct slice shown;        /* where not empty: what people see instead; in JSON it does not occur */
    uint64_t number;           /* CELL_NUMBER, CELL_BOOL */
    int64_t at_utc;            /* CELL_TIME */
    const struct slice *items; /* CELL_LIST */
    size_t item_count;
};

enum column_use { COLUMN_BOTH, COLUMN_JSON_ONLY, COLUMN_TABLE_ONLY };

struct column {
    const char *key;   /* in JSON */
    const char *title; /* of the table */
    enum column_use use;
};

/* Everything lives in the arena. */
struct table {
    struct arena *arena;
    const struct column *columns;
    size_t column_count;
    LIST_OF(struct cell *) rows; /* each has column_count cells */
};

struct table table_make(struct arena *a, const struct column *columns, size_t column_count);
/* A new row of CELL_NONE, to be filled: its column_count cells in the order of the columns. */
struct cell *table_row(struct table *t);
/* Sorts by any rule; each argument is a `struct cell *const *`. */
void table_sort(struct table *t, int (*order)(const void *a, const void *b));

static inline struct cell cell_text(struct slice s)
{
    return (struct cell){.kind = CELL_TEXT, .text = s};
}
/* A DN, a finding's detail and the like. */
static inline struct cell cell_escaped(struct slice s)
{
    return (struct cell){.kind = CELL_TEXT, .text = s, .escaped = true};
}
static inline struct cell cell_word(const char *s, enum tone tone)
{
    return (struct cell){.kind = CELL_TEXT, .tone = tone, .text = slice_of(s)};
}
static inline struct cell cell_number(uint64_t n)
{
    return (struct cell){.kind = CELL_NUMBER, .number = n};
}
static inline struct cell cell_bool(bool b)
{
    return (struct cell){.kind = CELL_BOOL, .number = b};
}
/* 0 is none. */
static inline struct cell cell_time(int64_t at_utc)
{
    return (struct cell){.kind = at_utc ? CELL_TIME : CELL_NONE, .at_utc = at_utc};
}
static inline struct cell cell_list(const struct slice *items, size_t count)
{
    return (struct cell){.kind = CELL_LIST, .items = items, .item_count = count};
}

/* With ctl->json the array alone, else header and rows; a table without rows prints nothing but `nothing` (a line). */
void table_print(const struct ctl *ctl, const struct table *t, const char *nothing);
/* The table only, with or without its header; each line is indented by that many blanks. */
void table_print_text(const struct ctl *ctl, const struct table *t, bool header, unsigned indent);
/* The array as a member of an object that is being written. */
void table_write_json(const struct table *t, struct json *j, const char *key);

enum tone tone_of_severity(enum severity s);
enum tone tone_of_state(enum state s);
/* Switches the colour on and off again, where there are colours. */
void tone_begin(const struct ctl *ctl, enum tone tone);
void tone_end(const struct ctl *ctl, enum tone tone);

/* Columns of a terminal that printable UTF-8 takes, roughly: wide and combining characters are known. */
size_t table_width(struct slice s);
/* "2026-01-31 23:59:59". */
struct slice time_text(struct arena *a, int64_t at_utc);
/* "5 s", "3 min", "2 h", "4 d"; what lies ahead is "in 5 s". */
struct slice age_text(struct arena *a, int64_t from_utc, int64_t now_utc);

#endif
