/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the directory something can change that matters: the naming contexts that hold the base, and whom policies
 * govern or trust.
 */
#ifndef DAEMON_EXTENT_H
#define DAEMON_EXTENT_H

#include "dir/dir.h"

/* In the arena of whoever reads it. */
struct extent {
    const struct slice *suffixes; /* in the order of dir_capabilities */
    size_t count;
};

/* Asks the policies as they are stored.  Results of dir_search. */
enum rc extent_read(struct arena *a, struct dir *d, const char *base, struct extent *out, struct fault *fault) MUST_USE;
bool extent_eq(const struct extent *a, const struct extent *b);

#endif
