/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the active daemon runs what: a full pass at its interval, and at once where only that can tell what is so; a
 * look at whatever is known to have changed, or where the time alone changes something, as soon as it is known.
 */
#ifndef DAEMON_PASSES_H
#define DAEMON_PASSES_H

#include <stdbool.h>
#include <stdint.h>

struct daemon;

/* What is known of changes, and how it is known; nothing is connected yet. */
void passes_open(struct daemon *d);
void passes_close(struct daemon *d);

/* This daemon is the active one, and connected: changes are taken in. */
void passes_attend(struct daemon *d);
/* It is not the active one: what it knows grows old, and is forgotten. */
void passes_rest(struct daemon *d);
/* Runs one of them, if one is due. */
void passes_run(struct daemon *d);
/* Milliseconds until passes_attend or passes_run have something to do; 0: they have. */
int64_t passes_next_ms(const struct daemon *d);
/* To be polled for reading; -1: there is none. */
int passes_fd(const struct daemon *d);
/* A full pass as soon as it can be. */
void passes_want_full(struct daemon *d);

#endif
