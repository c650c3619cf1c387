/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of directory provides behind dir/dir.h. */
#ifndef DIR_DIR_PRIVATE_H
#define DIR_DIR_PRIVATE_H

#include "dir/dir.h"

struct dir_operations {
    enum rc (*search)(struct dir *d, const struct dir_search *search, const struct dir_sink *sink, struct fault *fault);
    enum rc (*apply)(struct dir *d, const struct dir_change *changes, size_t count, dir_written_fn *written,
                     void *context, struct fault *fault);
    enum rc (*who)(struct dir *d, struct arena *a, struct slice *dn, struct fault *why); /* may be NULL */
    enum dir_right (*probe)(struct dir *d, const struct dir_change *change, struct fault *why); /* may be NULL */
    bool (*offers_sync)(const struct dir *d, bool with_now);                                    /* may be NULL */
    bool (*knows_attribute)(const struct dir *d, struct slice name);
    bool (*is_alive)(const struct dir *d);
    void (*close)(struct dir *d);
};

/* The first member of each kind's own structure. */
struct dir {
    const struct dir_operations *operations;
    struct dir_capabilities capabilities;
    dir_watch_fn *watch; /* may be NULL */
    void *watch_context;
};

/* False: somebody wants the operation to end. */
static inline bool dir_goes_on(const struct dir *d)
{
    return !d->watch || d->watch(d->watch_context);
}

#endif
