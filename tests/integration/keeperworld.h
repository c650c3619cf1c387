/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two daemons' keepers on a real slapd under the access control of conf/, each with a connection as the daemon's
 * account and a clock of its own; their log is read as the program's.
 */
#ifndef INTEGRATION_KEEPERWORLD_H
#define INTEGRATION_KEEPERWORLD_H

#include "daemon/keeper.h"
#include "support/program.h"

#define HOST     "here.example.com"
#define BOOT     "0b4e6f2a-13a9-4d0c-9a51-6f5d9f0e7c11"
#define BEFORE   "9c1d2f30-77aa-4b1e-8f2f-0d3c5b7a9e22" /* an earlier boot */
#define ENTRY(i) "cn=" i "," STATUS

/* 2025-06-15T15:06:40Z */
enum { NOW = 1750000000, HEARTBEAT_S = 10, LEASE_S = 40 };

struct side {
    struct keeper *k;
    struct dir *d;
    int64_t now_utc;
};

extern struct keeper_world {
    struct log *log;
    int log_fd;
    struct side a, b;
} world;

/* Setup and teardown of one test; the state is a struct program. */
int keeper_enter(void **state);
int keeper_leave(void **state);

/* Every side is on HOST in the boot BOOT. */
void side_open(const struct program *p, struct side *s, const char *instance, int64_t pid);
void side_close(struct side *s);
/* Anew, where it was. */
void side_connect(const struct program *p, struct side *s);
/* A connection as the daemon. */
struct dir *connect_as_daemon(const struct program *p);
/* Sides a and b, both alive: this process, and the one that started it. */
void both_open(const struct program *p, const char *first, const char *second);
int64_t clock_of_side(void *context);
/* So many seconds pass for both. */
void later(int64_t s);

/* The state after a beat; held means that it may write, everything else that it may not. */
void expect_beat(struct side *s, enum keeper_state wanted);

/* The lease in that entry, NULL: it has none, or is not there. */
const char *lease_at(struct program *p, const char *entry);
const char *lease_text(struct program *p, const char *host, const char *boot, int64_t pid, int64_t until_utc);
/* As the administrator: an entry with a lease, and its value replaced (NULL: deleted). */
void put_lease(struct program *p, const char *cn, const char *value);
void replace_lease(struct program *p, const char *cn, const char *value);

/* So many lines of the log have all of these words. */
void expect_events(struct program *p, const char *const words[], size_t count);
#define LEASE_EVENTS(p, state, count) expect_events(p, WORDS("event=lease", "state=" state), count)

#endif
