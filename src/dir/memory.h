/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory in memory behind the same façade: for tests and simulations that need time to pass, writes to fail
 * between any two, or values to be hidden.  DNs are compared octet by octet without regard to ASCII case, values
 * likewise; entryUUID, createTimestamp and modifyTimestamp are kept as a server keeps them, and filters know
 * hasSubordinates.
 */
#ifndef DIR_MEMORY_H
#define DIR_MEMORY_H

#include "dir/dir.h"

struct dir *memory_open(struct slice suffix);

/* What modifyTimestamp says from now on. */
void memory_set_clock(struct dir *d, int64_t now_utc);
/* dir_knows_attribute answers true for these, besides every attribute that some entry has. */
void memory_learn_attribute(struct dir *d, const char *name);
/* Renames an entry and what is below it; the entryUUID stays.  RC_NOT_FOUND, RC_EXISTS. */
enum rc memory_rename(struct dir *d, struct slice dn, struct slice new_dn) MUST_USE;
/* As an access rule would: the attribute is neither shown nor does any filter on it match.  NULL: hide nothing. */
void memory_hide_attribute(struct dir *d, const char *name);
/* The entry and everything below it are as if they were not there.  NULL: hide nothing. */
void memory_hide_below(struct dir *d, const char *dn);
/* After so many more successful writes every operation fails, as when the connection is lost.  SIZE_MAX: never. */
void memory_fail_after(struct dir *d, size_t writes);
/* Every search whose base is, or is below, this DN fails half-way.  NULL: none. */
void memory_fail_search(struct dir *d, const char *base);
/* Successful writes so far to entries below this DN. */
size_t memory_writes_below(const struct dir *d, struct slice dn);

#endif
