/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search filters as a tree.  The server evaluates filters; this exists to refuse what is not one before the server
 * sees it, to name the attributes it uses, and for the in-memory directory.
 * @source RFC 4515, RFC 4511 section 4.5.1.7
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "base/arena.h"

enum filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_PRESENT,
    FILTER_EQUAL,
    FILTER_APPROX,
    FILTER_GREATER,
    FILTER_LESS,
    FILTER_SUBSTRING,
    FILTER_EXTENSIBLE,
};

struct filter {
    enum filter_kind kind;
    const struct filter *parts; /* AND, OR, NOT */
    size_t part_count;
    struct slice attribute; /* without options; empty in an extensible match that names none */
    struct slice value;     /* decoded; in a substring match as written: cut it at '*' and decode the pieces */
};

/* Compiles text into the arena; NULL when it is not a filter, and *reason (a static string) says why. */
const struct filter *filter_compile(struct arena *a, struct slice text, const char **reason);
/* A piece of an assertion value with its \xx escapes resolved; false when one is broken. */
bool filter_decode(struct arena *a, struct slice piece, struct slice *decoded);
/* Calls name() for each attribute that the filter uses, options cut off. */
void filter_attributes(const struct filter *f, void (*name)(void *context, struct slice attribute), void *context);
/* The value with what RFC 4515 reserves escaped, to be set into a filter. */
struct slice filter_escape(struct arena *a, struct slice value);

#endif
