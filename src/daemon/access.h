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
    ACCESS_USAGE = 1,   /* the settings can't work */
    ACCESS_LACKING = 2, /* not reached, refused, or something is missing */
};

/*
 * Connects, binds, and prints one line for each place, right and outcome:
 * "<ok|missing|too-much|unknown> <read|write|add|delete> <where>: <attributes> -- <remark>", then a line of totals.
 * Returns the exit code; a directory that isn't reached is a fault event in the log.
 */
enum access_code access_check(const struct conf *conf, struct log *log, FILE *out);

#endif
