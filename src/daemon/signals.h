/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as values to be looked at, never as interruptions: they are blocked and wait in a descriptor until somebody
 * asks.  So no operation is cut short, and several of one kind that came meanwhile are one.
 * @source signalfd(2), signal(7)
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include "base/fault.h"

#include <stdint.h>

enum signals_kind {
    SIGNALS_DAEMON, /* SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR1 asks for a pass */
    SIGNALS_ONCE,   /* SIGTERM, SIGINT and SIGHUP stop; SIGUSR1 does nothing */
};

struct signals {
    int fd;
    enum signals_kind kind;
    const char *stop; /* the name of the signal that asked to end; NULL: none did */
    bool reload;      /* SIGHUP; whoever acts on it sets it to false */
    bool pass_now;    /* SIGUSR1; likewise */
};

/* Blocks the signals from here on; a write to a full disk or a closed pipe no longer ends the program. */
enum rc signals_open(enum signals_kind kind, struct signals *s, struct fault *fault) MUST_USE;
/* Takes note of what came since; cheap enough to be called often. */
void signals_look(struct signals *s);
/* Waits that many milliseconds, or until a signal comes or one was not acted on yet, or fd (-1: none) can be read. */
void signals_wait(struct signals *s, int64_t ms, int fd);
/* The signals stay blocked: the program is about to end. */
void signals_close(struct signals *s);

#endif
