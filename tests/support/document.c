/* SPDX-License-Identifier: Apache-2.0 */
#include "support/document.h"

#include "support/jsonl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void book_complain(struct book *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    print_error("    ");
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    b->wrong++;
}

struct slice book_load(struct book *b, const char *path)
{
    struct slice text = jsonl_load(&b->arena, (const char *)arena_format(&b->arena, "%s/%s", SOURCE_DIR, path).p);
    if (!text.p)
        fail_msg("%s can't be read", path);
    return text;
}

struct book book_open(void)
{
    struct book b = {.wrong = 0};
    b.readme = book_load(&b, "README.md");
    b.source_readme = book_load(&b, "src/README.md");
    return b;
}

void book_close(struct book *b)
{
    unsigned wrong = b->wrong;
    arena_free(&b->arena);
    assert_int_equal(wrong, 0);
}

const uint8_t *text_seek(struct slice text, struct slice piece)
{
    return memmem(text.p, text.n, piece.p, piece.n);
}

struct slice book_section(const struct book *b, const char *heading)
{
    struct arena a = {0};
    const uint8_t *at = text_seek(b->readme, arena_format(&a, "\n## %s\n", heading));
    arena_free(&a);
    if (!at)
        fail_msg("the README has no section \"%s\"", heading);
    struct slice rest = slice_from(b->readme, (size_t)(at - b->readme.p) + 4);
    const uint8_t *end = text_seek(rest, SLICE_LITERAL("\n## "));
    return end ? slice_upto(rest, (size_t)(end - rest.p)) : rest;
}

static bool is_rule(struct slice line)
{
    return slice_starts(line, SLICE_LITERAL("|---"));
}

static bool row_read(struct slice line, struct row *row)
{
    if (!slice_starts(line, SLICE_LITERAL("| ")) || is_rule(line))
        return false;
    struct slice rest = slice_from(line, 1), cell;
    *row = (struct row){.line = line};
    while (row->count < ROW_CELLS && slice_split(&rest, '|', &cell) && rest.p)
        row->cell[row->count++] = slice_trim(cell);
    struct slice inside = row->cell[0], before;
    slice_split(&inside, '`', &before);
    if (!inside.p || !slice_split(&inside, '`', &row->key))
        row->key = row->cell[0];
    return true;
}

bool row_next(struct slice *text, struct row *row)
{
    struct slice line;
    while (slice_split(text, '\n', &line)) {
        struct slice after = *text, next;
        bool is_head = after.p && slice_split(&after, '\n', &next) && is_rule(next);
        if (!is_head && row_read(line, row))
            return true;
    }
    return false;
}

bool row_find(struct slice text, const char *key, struct row *row)
{
    while (row_next(&text, row))
        if (slice_eq(row->key, slice_of(key)))
            return true;
    return false;
}

bool book_need_row(struct book *b, const char *heading, const char *key, struct row *row)
{
    if (row_find(book_section(b, heading), key, row))
        return true;
    book_complain(b, "\"%s\" has no row for %s", heading, key);
    return false;
}

bool text_has_span(struct slice text, struct slice name)
{
    struct arena a = {0};
    bool found = text_holds(text, arena_format(&a, "`%.*s`", SLICE_ARGS(name))) ||
                 text_holds(text, arena_format(&a, "`%.*s ", SLICE_ARGS(name)));
    arena_free(&a);
    return found;
}
