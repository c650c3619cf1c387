/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries for tests, written as LDIF: comments, folded lines and plain values, nothing more (no base64, no URLs, no
 * change records).  Everything lives in the caller's arena.
 * @source RFC 2849
 */
#ifndef TESTS_SUPPORT_ENTRYTEXT_H
#define TESTS_SUPPORT_ENTRYTEXT_H

#include "base/arena.h"
#include "core/entry.h"

/* Takes the next entry off *rest; false when there is none, and then *rest is what could not be read (or empty). */
bool entrytext_next(struct arena *a, struct slice *rest, struct entry *e);
/* The one entry that the text is; the process ends where it is none. */
struct entry entrytext_of(struct arena *a, const char *text);
/* One value more; values of one attribute stand together. */
void entrytext_add(struct arena *a, struct entry *e, const char *attribute, struct slice value);
/* Without any value of that attribute. */
void entrytext_drop(struct entry *e, const char *attribute);

#endif
