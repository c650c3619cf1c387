/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon's account can and cannot do in the directory, attribute by attribute, for the administrator who set
 * up its rights.  Nothing is changed in the directory, and nobody who changes something while it runs is disturbed.
 */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

#include "conf/conf.h"
#include "run/log.h"

#include <stdio.h>

enum access_code {
    ACCESS_WELL = 0,    /* nothing is missing; what is too much is told, and doesn't change the code */
    ACCESS_USAGE = 1,   /* the settings can't work, or a file can't be written */
    ACCESS_LACKING = 2, /* a server not reached, refused, or something is missing */
};

/*
 * Looks at the paths of files that the daemon writes, connects to each server, binds, asks the first that can be used,
 * and prints one line for each place, right and outcome:
 * "<ok|missing|too-much|unknown> <reach|read|write|add|delete> <where>: <attributes> -- <remark>", then a line of
 * totals.  Returns the exit code; a file that can't be written is a config event, a directory that isn't reached a
 * fault event in the log.
 */
enum access_code access_check(const struct conf *conf, const char *conf_path, struct log *log, FILE *out);

#endif
