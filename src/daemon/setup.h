/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration file to the settings of the rooms that it is about. */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include "conf/conf.h"
#include "dir/dir.h"
#include "run/log.h"

/* A configuration and the memory that it lives in. */
struct setup {
    struct arena arena;
    struct conf conf;
};

/*
 * RC_OK: setup->conf is filled.  RC_INVALID: each problem is a config event in the log.  Either way setup_free is
 * called once.
 */
enum rc setup_read(const char *path, struct log *log, struct setup *setup) MUST_USE;
void setup_free(struct setup *setup);

/* These borrow what conf points to. */
struct dir_settings setup_directory(const struct conf *conf);
/* NULL: standard error, for what is said before a configuration is read. */
struct log_settings setup_log(const struct conf *conf);

#endif
