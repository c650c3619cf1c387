/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases in the directory: read all of them, swap one, drop one.  What is written names the value that it expects to
 * find, so that of two who try at once one gets RC_CONFLICT.
 * @source RFC 4511 section 4.6 (the changes of one modify are carried out in order, all or none)
 */
#ifndef DAEMON_LEASE_H
#define DAEMON_LEASE_H

#include "core/lease.h"
#include "dir/dir.h"

/* Where leases stand, and which entry is ours. */
struct lease_place {
    struct slice status_dn; /* ou=status,<base> */
    struct slice dn;        /* of our own entry, right below it */
    const char *instance;   /* its cn */
};
/* All of it in the arena. */
void lease_place_find(struct arena *a, const char *base, const char *instance, struct lease_place *out);

/* This process, as its leases name it: host name, boot id and process id.  In the arena. */
void lease_owner_self(struct arena *a, struct lease_owner *out);

/* One entry below ou=status. */
struct lease_seen {
    struct slice dn, value; /* value.p NULL: it has no lease */
    bool is_own;            /* it is the entry of our instance */
    bool is_readable;       /* the value parses; one that does not is LEASE_HELD, because nobody knows by whom */
    struct lease lease;
    enum lease_standing standing;
};

struct lease_view {
    LIST_OF(struct lease_seen) entries;
};
/* The one of our instance; NULL: there is none. */
const struct lease_seen *lease_view_own(const struct lease_view *view);
/* One that somebody else holds; NULL: there is none. */
const struct lease_seen *lease_view_holder(const struct lease_view *view);

/*
 * Reads every lease of the base.  RC_OK only where all of them can be seen; RC_DENIED where some may be hidden from
 * this account; RC_INVALID where the directory does not know the attribute.
 */
enum rc lease_look(struct arena *a, struct dir *d, const struct lease_place *place, const struct lease_owner *self,
                   int64_t now_utc, struct lease_view *out, struct fault *fault) MUST_USE;

struct lease_swap {
    bool exists;         /* our entry is there */
    bool with_version;   /* the entry names this program's version from now on; a new one does anyway */
    struct slice before; /* the value that is to be replaced; p NULL: there is none */
    struct slice after;
    struct slice heartbeat;
    struct slice pass_result; /* p NULL: it stays as it is */
};
/* The results of dir_written_fn, in one write: all of it, or nothing. */
enum rc lease_swap(struct dir *d, const struct lease_place *place, const struct lease_swap *swap,
                   struct fault *fault) MUST_USE;
/* Deletes exactly that value. */
enum rc lease_drop(struct dir *d, struct slice dn, struct slice value, struct fault *fault) MUST_USE;

#endif
