/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running daemon beside a slapd that tells of changes: one policy that enforces version 3, one entry that meets it,
 * passes an hour apart.
 */
#ifndef INTEGRATION_FOLLOWWORLD_H
#define INTEGRATION_FOLLOWWORLD_H

#include "support/daemon.h"

#define WHOLE_PASS WORDS("event=pass", "policy=-")
#define FOLLOWING  WORDS("event=sync", "state=following")
#define A          SERVER("a")
#define A_HOST     "a.example.com"

enum { FOLLOW_HOUR_S = 3600, FOLLOW_SETTLE_MS = 250 };

/* cmocka's setup: with a session log, without one, without the overlay.  Teardown is program_leave. */
int follow_enter(void **state);
int follow_enter_without_log(void **state);
int follow_enter_without_overlay(void **state);

/* It follows, and its first full pass has ended. */
struct daemon_process follow_start(struct program *p);
/* It ends, after so many full passes in all; no drift was told and no fault, and nothing went round in circles. */
void follow_stop(struct daemon_process *d, size_t full_passes);
/* The reissue of the entry is in that state, or gets there soon. */
void follow_wait_state(struct program *p, const char *subject, const char *state);
/* The entry's only certificate. */
void follow_publish(struct program *p, const char *dn, struct slice der);

#endif
