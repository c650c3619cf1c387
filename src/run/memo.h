/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier passes of this process told, so that a steady state is told once and not in each pass.  A cache and
 * nothing more: without it a pass concludes and writes the same, and tells everything anew.  What was not seen again
 * in a pass that looked for it, and whose search ended whole, is forgotten; of a finding that is told.
 */
#ifndef RUN_MEMO_H
#define RUN_MEMO_H

#include <stdbool.h>
#include <stddef.h>

struct memo;

/* What is beyond that is told again in each pass, and one notice says so. */
enum { MEMO_MOST = 200000 };

/* Never NULL; the caller's, to be closed with memo_close.  For one thread, and for one base. */
struct memo *memo_open(void);
void memo_close(struct memo *m); /* NULL is fine */
/* Something found no room: what is not known may be old. */
bool memo_is_full(const struct memo *m);
/* How many things it knows, for people and tests. */
size_t memo_count(const struct memo *m);

#endif
