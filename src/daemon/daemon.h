/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: connects to the first server that can be used, keeps the lease, and while it holds it runs a pass at
 * every interval, until it is told to stop.  It never gives up: what can't be done now is tried again, more and more
 * rarely, and told once.  Only without the fork server of the cage it ends, to be started anew.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/setup.h"

/* The exit codes besides. */
enum { DAEMON_STOPPED = 0, DAEMON_USAGE = 1, DAEMON_CAGELESS = 2 };

struct daemon_settings {
    const char *conf_path; /* read again at SIGHUP */
    bool foreground;
};

/*
 * Runs until SIGTERM or SIGINT, or until the cage is gone; the exit code.  Unless in the foreground it returns twice:
 * in the process that was started as soon as the daemon begins (or could not), and in the daemon at its end.  The log
 * is borrowed; *setup is what conf_path said, and may be another one afterwards: the caller frees it.
 */
int daemon_run(const struct daemon_settings *settings, struct setup *setup, struct log *log);

#endif
