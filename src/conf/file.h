/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/problem.h"

enum { FILE_OCTETS_MAX = 64 * 1024 };

/*
 * The whole content of a regular file of at most FILE_OCTETS_MAX octets, in the arena.  False, with a problem, for
 * anything else; a FIFO or a device is never waited for.
 */
bool file_read(const char *path, struct arena *a, struct slice *text, struct conf_problems *problems);

#endif
