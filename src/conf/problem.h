/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a configuration file: a list, since an administrator wants all of it at once.  Texts are
 * printable UTF-8 and live in the arena that was given.
 */
#ifndef CONF_PROBLEM_H
#define CONF_PROBLEM_H

#include "base/arena.h"

enum {
    CONF_PROBLEMS_MAX = 64, /* then one more says that the rest is not told, and reading ends */
    CONF_SHOWN_MAX = 64,    /* octets of a foreign text that a problem quotes */
};

/* A place in the file, both counted from 1; 0: the file as a whole. */
struct place {
    unsigned line, column; /* column: characters, not octets */
};

struct conf_problem {
    struct place at;
    const char *key;  /* the key's whole path, "directory.timeout_s", or "" */
    const char *text; /* what was expected and what was found */
};

struct conf_problems {
    struct conf_problem *items;
    size_t count, room;
};

/* Adds one; beyond CONF_PROBLEMS_MAX nothing.  `key` may be NULL and must outlive the arena or live in it. */
void conf_problem_add(struct arena *a, struct conf_problems *problems, struct place at, const char *key,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* No more will be taken: reading on is wasted time. */
bool problem_full(const struct conf_problems *problems);
/* By place in the file; those at one place keep their order. */
void problem_sort(struct conf_problems *problems);
/* Foreign text as a C string, escaped and capped for a problem's text. */
const char *problem_show(struct arena *a, struct slice text);

#endif
