/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading entries from LDIF: folded lines, comments, base64, several records.  A value that a URL names is refused,
 * so that a file can't have other files read; what changes or deletes an entry is named and passed over.
 * @source RFC 2849
 */
#ifndef CTL_LDIF_H
#define CTL_LDIF_H

#include "base/arena.h"
#include "core/entry.h"

struct ldif_value {
    struct slice attribute; /* as written, with its options */
    struct slice value;     /* decoded */
    unsigned line;          /* where it begins, counted from 1 */
};

struct ldif_record {
    unsigned line; /* of "dn:" */
    struct slice dn;
    struct slice change; /* changetype as written; empty: none.  Only without one, or with "add", are there values */
    const struct ldif_value *values;
    size_t count;
};

struct ldif_reader {
    struct slice rest;
    unsigned line; /* of what comes next */
    bool begun;
};

struct ldif_complaint {
    unsigned line;
    const char *reason; /* static */
};

enum ldif_result { LDIF_RECORD, LDIF_BROKEN, LDIF_END };

/* `text` is borrowed as long as the records are used. */
struct ldif_reader ldif_open(struct slice text);
/* The next record; after a broken one, of which *complaint tells the first fault, reading goes on behind it. */
enum ldif_result ldif_next(struct arena *a, struct ldif_reader *r, struct ldif_record *record,
                           struct ldif_complaint *complaint);
/* The record as an entry, values of one attribute together, in the arena. */
struct entry ldif_entry(struct arena *a, const struct ldif_record *record);
/* The line of that value, or of the attribute's first, or of the record. */
unsigned ldif_line_of(const struct ldif_record *record, struct slice attribute, struct slice value);

#endif
