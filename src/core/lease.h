/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: who runs as the active daemon of a base, and until when.  Pure: who we are, whether a process is alive
 * and what time it is are parameters.
 * @source the schema attribute dircertLease: "host boot-id pid until"
 */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include "base/arena.h"

/* Where nobody could find out about the boot. */
#define LEASE_BOOT_UNKNOWN "-"

/*
 * Who holds it: words without blanks.  The boot id is the kernel's, and of a process in a process id namespace of its
 * own "<boot id>/<namespace>", because there the same number is another process.
 */
struct lease_owner {
    struct slice host, boot_id;
    int64_t pid;
};

struct lease {
    struct lease_owner owner;
    int64_t until_utc; /* from this second on it is no longer held */
};

/* False when the value is none; the words in *out point into it. */
bool lease_read(struct slice value, struct lease *out);
struct slice lease_write(struct arena *a, const struct lease *lease);

enum lease_standing {
    LEASE_FREE, /* there is none */
    LEASE_MINE, /* the owner is this process, and its time is not up */
    LEASE_DEAD, /* its time is up, or its owner is known to be gone */
    LEASE_HELD, /* somebody else's, who may be at work */
};

/*
 * How things stand with a lease; NULL: there is none.  `pid_is_alive`: whether that pid is a process here; it counts
 * only for an owner in the place of our own pids.  Wherever it is not certain that the owner is gone, it is held.
 */
enum lease_standing lease_judge(const struct lease *lease, const struct lease_owner *self, bool pid_is_alive,
                                int64_t now_utc);

#endif
