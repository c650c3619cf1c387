/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built dircertd running beside the slapd of support/program.h.  Its log is a file in the server's folder; what is
 * waited for has to come within LIMIT, and what does not come fails the test and shows the log.
 */
#ifndef SUPPORT_DAEMON_H
#define SUPPORT_DAEMON_H

#include "support/program.h"

#include <stdbool.h>
#include <sys/types.h>

enum { DAEMON_LIMIT_S = 15 };

struct daemon_process {
    struct program *program;
    pid_t pid;       /* 0: it has ended */
    const char *log; /* the path of what it writes to standard error */
    size_t read;     /* octets of the log that daemon_wait has passed */
};

/*
 * Starts `dircertd --foreground` with the program's configuration and these additions to the environment (NULL: none).
 * It dies with the test program.
 */
struct daemon_process daemon_start(struct program *p, const char *const environment[]);
/* The same with another program of the build. */
struct daemon_process daemon_start_program(struct program *p, const char *name, const char *const environment[]);
/* Waits for a line with all of these words, behind the one that was waited for last. */
void daemon_wait(struct daemon_process *d, const char *const words[]);
/* How many lines of the whole log have all of these words. */
size_t daemon_lines(const struct daemon_process *d, const char *const words[]);
void daemon_signal(const struct daemon_process *d, int number);
/* Waits for its end; the exit code, or 128 and the signal. */
int daemon_join(struct daemon_process *d);
/* SIGTERM, and it ends with 0. */
void daemon_stop(struct daemon_process *d);
/* SIGKILL. */
void daemon_kill(struct daemon_process *d);
void daemon_rest(unsigned ms);

#endif
