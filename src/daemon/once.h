/* SPDX-License-Identifier: Apache-2.0 */
/* `dircertd --once` and `--dry-run`: one pass, and its exit code. */
#ifndef DAEMON_ONCE_H
#define DAEMON_ONCE_H

#include "conf/conf.h"
#include "run/log.h"

enum { ONCE_USAGE = 1 };

/*
 * Returns an enum pass_result, or ONCE_USAGE when the settings can't work.  The pass runs with the lease, which is
 * given back; while another daemon holds it nothing is written, and the result is PASS_INCOMPLETE.  A dry run needs
 * no lease and prints its plan on standard output.
 */
int once_run(const struct conf *conf, struct log *log, bool dry_run);

#endif
