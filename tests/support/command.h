/* SPDX-License-Identifier: Apache-2.0 */
/* Running other programs from a test: input given, output collected, time bounded. */
#ifndef SUPPORT_COMMAND_H
#define SUPPORT_COMMAND_H

#include <stddef.h>

struct command_result {
    int status;   /* the exit code; 128 + n when signal n ended it; 124 when the time was up */
    char *output; /* standard output, ended by a NUL that is not counted */
    size_t output_length;
    char *errors; /* standard error, likewise */
};

/*
 * Runs argv[0] (looked up in PATH, then in /usr/sbin) with `input` (may be NULL) as its standard input, for at most
 * timeout_s seconds.  `environment` is a NULL-terminated list of NAME=value that is added; may be NULL.  The result is
 * the caller's, to be freed with command_free.  A program that can't be started has status 127.  The child is killed
 * when the caller dies.
 */
struct command_result command_run(const char *const argv[], const char *const environment[], const char *input,
                                  unsigned timeout_s);
void command_free(struct command_result *r);

#endif
