/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents for tests: sections and tables of Markdown, found by their headings and keys.  A book's text and everything
 * that is made of it live until it is closed.
 */
#ifndef TESTS_SUPPORT_DOCUMENT_H
#define TESTS_SUPPORT_DOCUMENT_H

#include "base/arena.h"

struct book {
    struct arena arena;
    struct slice readme, source_readme;
    unsigned wrong; /* complaints */
};

/* The two READMEs.  What can't be read fails the test that asked. */
struct book book_open(void);
/* Fails the test when there were complaints. */
void book_close(struct book *b);
/* Everything that is wrong is told before the test fails. */
__attribute__((format(printf, 2, 3))) void book_complain(struct book *b, const char *format, ...);
/* A file of the source, by its path there. */
struct slice book_load(struct book *b, const char *path);
/* What follows that heading in the README, up to the next one of its rank. */
struct slice book_section(const struct book *b, const char *heading);

/* The first place of piece in text, or NULL. */
const uint8_t *text_seek(struct slice text, struct slice piece);
static inline bool text_holds(struct slice text, struct slice piece)
{
    return text_seek(text, piece) != NULL;
}
/* True when text has `name`, as a code span of its own or the beginning of one. */
bool text_has_span(struct slice text, struct slice name);

enum { ROW_CELLS = 7 };

/* One line of a table, its cells trimmed; `key` is the first code span of the first cell, or that cell. */
struct row {
    struct slice line, key, cell[ROW_CELLS];
    size_t count;
};

/* The next line of a table that is not its head; false when there is none. */
bool row_next(struct slice *text, struct row *row);
bool row_find(struct slice text, const char *key, struct row *row);
/* The row of that key in a section of the README; a complaint and false where there is none. */
bool book_need_row(struct book *b, const char *heading, const char *key, struct row *row);

#endif
