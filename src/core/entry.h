/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory entry as plain data.  Whoever hands one over says how long it lives; during a search that is until
 * the callback returns.
 * @source RFC 4511 section 4.5.2, RFC 4512 section 2.3 and 2.5
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "base/slice.h"

struct attribute {
    struct slice name;    /* the attribute type as the server wrote it, without options */
    struct slice options; /* "binary", "lang-de;x-y", or empty */
    const struct slice *values;
    size_t count;
};

struct entry {
    struct slice dn;
    const struct attribute *attributes;
    size_t count;
};

/*
 * Walks the values of one attribute type: name compared case-insensitively, without options and with ;binary alike,
 * other options are other things.  Start with *at = (struct entry_cursor){0}; false when there are no more.
 */
struct entry_cursor {
    size_t attribute, value;
};
bool entry_next_value(const struct entry *e, const char *name, struct entry_cursor *at, struct slice *value);
/*
 * The next attribute of that type at *index or behind it, and *index is behind it then; NULL: there is none.  Start
 * with 0.  It may have no values.
 */
const struct attribute *entry_next_attribute(const struct entry *e, struct slice type, size_t *index);
/* Is it of that type, in the same sense? */
bool attribute_is(const struct attribute *a, struct slice name);
/* The number of values of that attribute type. */
size_t entry_count(const struct entry *e, const char *name);
/* The first value, or an empty slice with p == NULL when there is none. */
struct slice entry_first(const struct entry *e, const char *name);

#endif
