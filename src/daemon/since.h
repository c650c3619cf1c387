/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching for what changed, where changes can't be followed: by the times that the server itself stamps on entries.
 * Who is gone is not found that way.
 * @source RFC 4512 section 3.4.4 (modifyTimestamp); draft-chu-ldap-csn (entryCSN)
 */
#ifndef DAEMON_SINCE_H
#define DAEMON_SINCE_H

#include "daemon/changes.h"
#include "daemon/extent.h"
#include "daemon/lease.h"

struct since {
    const char *attribute; /* that bears the stamps */
    int64_t from_utc;      /* what bears an earlier one is known, by the server's clock; 0: nothing is */
    /*
     * "<id> <stamp>" of what the last search found: for the first time, or so that it need not be noted again.  A
     * modifyTimestamp counts seconds, and a second change within the same one looks like the first.
     */
    struct ids found, settled;
    int64_t found_ms; /* monotonic */
};

void since_close(struct since *s);

/*
 * Before a full pass: what is stamped from now on has to be found.  Our own status entry, which bears a stamp of the
 * last heartbeat, tells the server's time.
 */
void since_begin(struct since *s, struct dir *d, const struct lease_place *place, const struct extent *extent);
/*
 * Notes what changed since then, or since the last time; changes NULL: it is known from now on.  RC_INVALID: the stamps
 * are hidden from this account, or not there, so that the search finds nothing.
 */
enum rc since_look(struct since *s, struct dir *d, const struct lease_place *place, const struct extent *extent,
                   struct changes *changes, struct fault *fault) MUST_USE;

#endif
