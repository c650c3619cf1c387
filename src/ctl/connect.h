/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of dircertctl: the daemon's server, as the person who runs it. */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

#include "ctl/ctl.h"

/*
 * Fills base, instance, who, interval_s and, where the command wants it, dir, from the options and from the daemon's
 * configuration: of that never the bind, the password or the client certificate.  CTL_OK, or the exit code; then
 * everything was told.  The password that was given is wiped.
 */
int connect_open(struct ctl *ctl, enum ctl_directory directory);

#endif
