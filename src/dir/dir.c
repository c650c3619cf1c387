/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/dir_private.h"
#include "dir/sync.h"

const struct dir_capabilities *dir_capabilities(const struct dir *d)
{
    return &d->capabilities;
}

bool dir_knows_attribute(const struct dir *d, struct slice name)
{
    return d->operations->knows_attribute(d, name);
}

enum rc dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink, struct fault *fault)
{
    return d->operations->search(d, search, sink, fault);
}

enum rc dir_apply(struct dir *d, const struct dir_change *changes, size_t count, dir_written_fn *written, void *context,
                  struct fault *fault)
{
    return d->operations->apply(d, changes, count, written, context, fault);
}

enum dir_right dir_probe(struct dir *d, const struct dir_change *change, struct fault *why)
{
    if (d->operations->probe)
        return d->operations->probe(d, change, why);
    fault_set(why, RC_FAULT, "this kind of directory can't be asked");
    return DIR_RIGHT_UNKNOWN;
}

enum rc dir_who(struct dir *d, struct arena *a, struct slice *dn, struct fault *why)
{
    *dn = SLICE_LITERAL("");
    return d->operations->who ? d->operations->who(d, a, dn, why)
                              : fault_set(why, RC_FAULT, "this kind of directory can't be asked");
}

bool dir_sync_is_offered(const struct dir *d)
{
    return d->operations->offers_sync && d->operations->offers_sync(d, false);
}

bool dir_sync_begins_now(const struct dir *d)
{
    return d->operations->offers_sync && d->operations->offers_sync(d, true);
}

bool dir_is_alive(const struct dir *d)
{
    return d->operations->is_alive(d);
}

void dir_set_watch(struct dir *d, dir_watch_fn *watch, void *context)
{
    d->watch = watch;
    d->watch_context = context;
}

void dir_close(struct dir *d)
{
    if (d)
        d->operations->close(d);
}
