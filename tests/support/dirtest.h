/* SPDX-License-Identifier: Apache-2.0 */
/* What the suites of dir/ share: opening, and collecting what a search hands over. */
#ifndef SUPPORT_DIRTEST_H
#define SUPPORT_DIRTEST_H

#include "dir/dir.h"
#include "support/slapd.h"

/* Entries as text: "<dn>|<attribute>[;<options>]=<value in hex>,…". */
struct collected {
    struct arena arena;
    LIST_OF(struct slice) entries;
    unsigned restarts;
    void (*on_entry)(void *context); /* may be NULL */
    void *context;
};
struct dir_sink collect_into(struct collected *c);
void collected_free(struct collected *c);

/* Searches for all user attributes, or those given; the filter is a C string. */
enum rc collect(struct dir *d, const char *base, enum dir_scope scope, const char *filter, size_t most,
                const char *const *attributes, struct collected *c, struct fault *fault);

/* What dir_apply reported, as its context; count_written is the callback. */
struct written {
    size_t calls, well, faults; /* of RC_OK, of RC_FAULT */
    struct fault last;          /* of those that were not well */
};
void count_written(void *context, size_t index, enum rc rc, const struct fault *fault);

/* A file of mode 0600 in the folder that holds the text, replaced whole; returns its path, in a static buffer. */
const char *password_file(const char *folder, const char *text);

/* As the given identity over the socket, or by SASL EXTERNAL where dn is NULL. */
struct dir *open_as(const struct slapd *s, const char *dn, const char *password, unsigned timeout_s);

double seconds_now(void);

#endif
