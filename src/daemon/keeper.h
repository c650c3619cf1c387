/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the lease and the heartbeat of one daemon in its status entry, so that one daemon at a time is the active one
 * for a base; every other one stands by.  A lease lasts four heartbeats, at least 20 s, and is renewed with each.
 *
 * Of two that begin at once, whatever their instances are called, at most one becomes active: each writes its lease
 * first and then reads those of the others, so at least one of them sees the other's and gives its own back.  Of a
 * holder that is gone, the value is deleted before another becomes active; should it be alive after all, its next
 * renewal fails and it learns that way.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "core/lease.h"
#include "dir/dir.h"
#include "run/log.h"
#include "run/progress.h"

enum {
    KEEPER_LEASE_LEAST_S = 20,
    KEEPER_MARGIN_S = 5,     /* so long before its time is up a lease that was not renewed is given up */
    KEEPER_LONG_PASS_S = 10, /* a pass that lasts longer shows its progress in the status entry */
};

struct keeper_settings {
    const char *base, *instance; /* copied */
    unsigned heartbeat_s;        /* at least 1 */
    struct log *log;             /* borrowed until keeper_close */
    log_clock_fn *clock;
    void *clock_context;
    const struct lease_owner *owner; /* copied; NULL: this process.  Something else only in tests. */
};

struct keeper;

/* Never NULL; the caller's, to be closed with keeper_close.  Nothing is sent yet; the first beat is due at once. */
struct keeper *keeper_open(const struct keeper_settings *settings);
/* NULL is fine.  It does not give the lease back. */
void keeper_close(struct keeper *k);

enum keeper_state {
    KEEPER_HELD,    /* this daemon is the active one */
    KEEPER_STANDBY, /* another one is, or may be */
    KEEPER_UNKNOWN, /* the directory did not tell, or the last renewal failed: keeper_may_write decides */
};

/*
 * When a heartbeat is due: acquires or renews the lease and writes the heartbeat, and during a long pass its progress
 * (NULL: no pass is running), all in one write.  Otherwise it only looks at the clock.  d may be NULL while there is
 * no connection (the heartbeat stays due then), and must not be a directory in the middle of an operation.  Tells
 * transitions as lease events.
 */
enum keeper_state keeper_beat(struct keeper *k, struct dir *d, const struct progress *progress);
/* Whether requests may be written: the lease is ours, and for KEEPER_MARGIN_S more at least. */
bool keeper_may_write(const struct keeper *k);
/*
 * From here on another connection is used, and who answers there may know of another holder: what is held does not
 * count until a beat, which is due now, has acquired it there.
 */
void keeper_doubt(struct keeper *k);
/* Milliseconds until the next heartbeat is due; 0: it is. */
unsigned keeper_next_ms(const struct keeper *k);
/* Gives the lease back, so that another daemon need not wait; the next beat is due a heartbeat later.  d as above. */
void keeper_release(struct keeper *k, struct dir *d);
/*
 * The same as part of another write to our own entry: *mod gives the lease back, where exactly our value is still
 * there, and lives until the next beat; false: none is held.  Once that write was carried out, keeper_is_released.
 */
bool keeper_farewell(struct keeper *k, struct dir_mod *mod);
void keeper_is_released(struct keeper *k);
/* "<host> until <time>", printable, or "-"; until the next call with this keeper. */
const char *keeper_holder(const struct keeper *k);

#endif
