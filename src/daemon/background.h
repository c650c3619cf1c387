/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving the terminal.  The process that was started waits for the one in the background, so that its exit code says
 * whether the daemon began.
 * @source daemon(7), "SysV Daemons"
 */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

#include "base/fault.h"

enum background_side {
    BACKGROUND_STARTER, /* the process that was started: it has nothing to do but to end with *code */
    BACKGROUND_DAEMON,  /* the one that goes on: a session of its own without a terminal, in /, with umask 027 */
};

struct background {
    int fd; /* to the starter; -1: nobody waits */
};

/* Makes a daemon of this process.  RC_FAULT: it still is what it was. */
enum rc background_enter(struct background *b, enum background_side *side, int *code, struct fault *fault) MUST_USE;
/*
 * The starter ends with that code; without this it ends with 1 when the daemon does.  Unless keep_stderr, standard
 * error is closed too: what was said before reached the terminal.
 */
void background_begun(struct background *b, int code, bool keep_stderr);

/* Writes our process id to the file, whole or not at all.  What base/wholefile says holds. */
enum rc background_write_pid(const char *path, struct fault *fault) MUST_USE;
/* Removes the file if it still holds our process id. */
void background_remove_pid(const char *path);

#endif
